"""The text of a replay, readable without any chart: what the game is, what happened, and each step in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from security_dilemma_training.replay.episode import Episode, Event, StateRow, ViewRow
from security_dilemma_training.replay.why import chance
from security_dilemma_training.replay.words import deed, intent, kind_of, number, said, terms, world_in_words

__all__ = ["head", "step_templates", "story"]

STORY = ("crisis", "strike", "war", "end")
"""The kinds of events that make the story; what was said stands in the steps."""


def head(episode: Episode) -> str:
    """Return HTML that says which game it is: world, players, true intents, seed, and how it ended."""
    players = zip(episode.states[: episode.n_states], episode.players, strict=True)
    facts = [
        ("World", f"{intent(episode.world).capitalize()}. {world_in_words(episode)}"),
        *((f"{row.state}", f"truly {kind_of(row.intent)}; played by {player}") for row, player in players),
        ("Seed", str(episode.seed)),
        *([("Chosen", episode.chosen)] if episode.chosen else []),
        *(("Why war", text) for text in _before_war(episode)),
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts)
    return f'<p class="outcome">{escape(episode.outcome)}</p><dl class="facts">{rows}</dl>{_parameters(episode)}'


def story(episode: Episode) -> str:
    """Return HTML with the crises, strikes, wars and the end in order, each a button that goes to its step."""
    told = [event for event in episode.events if event.kind in STORY]
    items = "".join(f"<li>{_event_button(event)}</li>" for event in told)
    return f'<ol class="story">{items}</ol>' if told else "<p>No crisis, no war.</p>"


def step_templates(episode: Episode) -> list[str]:
    """Return the HTML of each step: what stands, what everybody does, what it pays and why."""
    states: list[list[StateRow]] = [[] for _ in range(episode.steps + 1)]
    views: list[list[ViewRow]] = [[] for _ in range(episode.steps + 1)]
    events: list[list[Event]] = [[] for _ in range(episode.steps + 1)]
    totals: dict[str, float | None] = {}
    for row in episode.states:
        totals[row.state] = totals.get(row.state) if row.total is None else row.total
        states[row.step].append(row._replace(total=totals[row.state]))
    for view in episode.views:
        views[view.step].append(view)
    for event in episode.events:
        events[event.step].append(event)
    return [_step(episode, *at) for at in zip(range(episode.steps + 1), states, views, events, strict=True)]


def _step(episode: Episode, step: int, states: list[StateRow], views: list[ViewRow], events: list[Event]) -> str:
    where = f"Step {step} of {episode.steps}"
    told = "".join(f'<li class="{escape(event.kind)}">{escape(event.text)}</li>' for event in events)
    cards = "".join(_card(row, states, [view for view in views if view.observer == row.state]) for row in states)
    quiet = "<p>No crisis: nobody can strike.</p>" if step < episode.steps else ""
    return f'<h3>{where}</h3>{f"<ul>{told}</ul>" if told else quiet}<div class="cards">{cards}</div>'


def _card(row: StateRow, states: list[StateRow], views: list[ViewRow]) -> str:
    lines = [*_lines(row, states, views)] if row.alive else [("Has", "been eliminated")]
    if row.total is not None:
        lines.insert(-1 if row.why else len(lines), ("So far", f"{number(row.total, 3)} of a peaceful future"))
    items = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in lines)
    place = row.state.rpartition("_")[2]
    return (
        f'<section class="card state-{escape(place)}"><h4>{escape(row.state)} '
        f"<small>{escape(intent(row.intent))}</small></h4><dl>{items}</dl></section>"
    )


def _lines(row: StateRow, states: list[StateRow], views: list[ViewRow]) -> Iterator[tuple[str, str]]:
    """What is said of a living state, each with its heading."""
    yield "Has", f"{number(row.offensive)} offensive and {number(row.defensive)} defensive arms"
    if views:
        yield "Believes", "; ".join(_view(view) for view in views)
    yield from _temptation(row, states)
    done, word = deed(row), said(row)
    if done:
        backing = f", supports {row.supports}" if row.supports else ""
        yield "Does", f"{done}{f' and {word}' if word and word != 'is silent' else ''}{backing}"
    if row.belligerent:
        yield "War", f"it {'won' if row.won else 'lost'}; its chance to win was {chance(row.win_chance or 0.0)}"
    if row.payoff is not None:
        yield "Is paid", f"{number(row.payoff, 3)} = {terms(row.terms or {}) or '0'}"
    if row.why:
        yield "Why", row.why


def _before_war(episode: Episode) -> Iterator[str]:
    """What led each of the two into the last war: its arms, what it made of the other's, and what waiting meant."""
    at_war = [row for row in episode.states if row.belligerent][-2:]
    for row in at_war:
        pair = (row.state, next(other.state for other in at_war if other.state != row.state))
        views = [view for view in episode.views if (view.step, view.observer, view.observed) == (row.step, *pair)]
        believed = "".join(f" and believed {_view(view)}" for view in views)
        odds = "".join(f"; {text}" for _, text in _temptation(row, at_war))
        yield f"{row.state} had {number(row.offensive + row.defensive)} units of arms{believed}{odds}."


def _view(view: ViewRow) -> str:
    greedy = "" if view.belief is None else f", and it to be greedy with a chance of {chance(view.belief)}"
    if not view.arms and not view.reported_arms:
        return f"{view.observed} to have no arms{greedy}"
    return f"{view.dossier:.0%} of {view.observed}'s arms to be offensive (in truth {view.share:.0%}){greedy}"


def _temptation(row: StateRow, states: Iterable[StateRow]) -> Iterator[tuple[str, str]]:
    """What striking first and being struck first would mean, in a crisis."""
    if row.strike_chance is None:
        return
    others = [other.strike_chance for other in states if other.crisis and other.state != row.state]
    waits = f"; if it waits and is struck, with {chance(1 - others[0])}" if others and others[0] is not None else ""
    yield "Crisis", f"if it alone strikes it wins with a chance of {chance(row.strike_chance)}{waits}"


def _event_button(event: Event) -> str:
    return (
        f'<button type="button" class="goto {escape(event.kind)}" data-step="{event.step}">'
        f"<b>{event.step}</b> {escape(event.text)}</button>"
    )


def _parameters(episode: Episode) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(str(value))}</td></tr>"
        for name, value in episode.params.items()
    )
    return f"<details><summary>All parameters of the game</summary><table><tbody>{rows}</tbody></table></details>"
