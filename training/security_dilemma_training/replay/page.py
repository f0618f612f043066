"""The page of a replay: one or two episodes side by side, moved by one control of the step."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from security_dilemma_training.pages.page import figure, page
from security_dilemma_training.replay.dyads import beliefs, phase
from security_dilemma_training.replay.episode import Episode
from security_dilemma_training.replay.panel import head, step_templates, story
from security_dilemma_training.replay.rows import is_armed, names
from security_dilemma_training.replay.timelines import arms, deeds, payoffs, signals, top_of_arms
from security_dilemma_training.replay.words import kind_of
from security_dilemma_training.writing import write_atomically

if TYPE_CHECKING:
    import altair as alt

__all__ = ["replay_page", "write_replay"]

LEAD = """\
<p class="lead">Nobody rules these states, and none of them knows what the others want. They buy arms, send signals and,
in a crisis, may strike. Press play or drag the slider: watch their arms, and what each believes of the other. Point at
a step to read what it paid and why; click to go there. Keys: space, ← →, Home, End.</p>
"""

CONTROLS = """\
<div class="controls" role="group" aria-label="replay">
<button type="button" class="first" aria-label="first step" title="first step (Home)">|◀</button>
<button type="button" class="back" aria-label="one step back" title="one step back (←)">◀</button>
<button type="button" class="play" aria-pressed="false" title="play or pause (space)">▶ play</button>
<button type="button" class="forward" aria-label="one step forward" title="one step forward (→)">▶</button>
<button type="button" class="last" aria-label="last step" title="last step (End)">▶|</button>
<select class="speed" aria-label="speed"><option value="0.5">½ step/s</option>
<option value="1">1 step/s</option><option value="2" selected>2 steps/s</option><option value="5">5 steps/s</option>
</select>
<input type="range" min="0" max="{last}" value="0" step="1" aria-label="step">
<output aria-hidden="true">step 0 of {last}</output>
</div>
"""

CAPTIONS = {
    "arms": "The strong area below is offensive arms, the pale one above it, with the dashed edge, defensive. "
    "Shaded columns are steps of crisis, in which the state can strike and be struck; a line is "
    "a war, a cross on it the state's own strike, the number its chance to win.",
    "deeds": "What each state did in each step; a dot is a step in which it held.",
    "signals": "What each state said, beside what it truly is; hollow symbols are those of greedy states. Talk "
    "is free, but for a burnt cost, and a broken pledge is punished.",
    "beliefs": "The dashed line is which share of the other's arms it takes for offensive, the full line the truth; "
    "the shaded gap is what it misreads.",
    "phase": "Each point is a step: along the bottom the arms of one, upwards those of the other. A path that climbs "
    "beside the dotted line is an arms race, each answering the other; the diamond is the step shown.",
    "payoffs": "What each state has been paid so far, discounted; 1 is what a whole undisturbed future is worth. "
    "Point at a step to read what it paid and why.",
}

GREED_CAPTIONS = {
    "exact": "The dotted line is how likely the other is to be greedy, by Bayes's rule, for who knows the strategies.",
    "probe": "The dotted line is how likely the other is to be greedy, as far as a probe trained on games of the same "
    "players can tell from all that the state saw.",
}


def write_replay(episodes: Sequence[Episode], path: Path) -> None:
    """Write the page of one episode, or of two beside one another.

    Args:
        episodes: One or two.
        path: The HTML file; its folder exists.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there are not one or two episodes.
    """
    write_atomically(path, replay_page(episodes))


def replay_page(episodes: Sequence[Episode]) -> str:
    """Return the HTML of one episode, or of two beside one another.

    Raises:
        ValueError: If there are not one or two episodes.
    """
    if not 1 <= len(episodes) <= 2:
        raise ValueError(f"{len(episodes)} episodes: a replay shows one, or two beside one another")
    title = " beside ".join(episode.title for episode in episodes)
    two = len(episodes) > 1
    titles = [f"<h2>{escape(episode.title)}</h2>" if two else "" for episode in episodes]
    shown = "".join(_episode(*of) for of in zip(episodes, range(2), titles, strict=False))
    last = max(episode.steps for episode in episodes)
    body = (
        f'<main><h1>Replay: {escape(title)}</h1>{LEAD}<div class="episodes{" two" * two}">{shown}</div></main>'
        f"{CONTROLS.format(last=last)}"
    )
    return page(f"Replay: {title}", body, _charts(episodes), style=_own("replay.css"), script=_own("replay.js"))


def _charts(episodes: Sequence[Episode]) -> dict[str, alt.LayerChart]:
    top = top_of_arms(episodes)
    charts: dict[str, alt.LayerChart] = {}
    for place, episode in enumerate(episodes):
        for which, state in enumerate(names(episode)):
            charts[f"arms-{place}-{which}"] = arms(episode, state, top)
        charts[f"deeds-{place}"] = deeds(episode)
        charts[f"signals-{place}"] = signals(episode)
        if is_armed(episode):
            charts[f"phase-{place}"] = phase(episode, top)
        if is_armed(episode) or episode.belief_kind:
            charts[f"beliefs-{place}-0"] = beliefs(episode, "one", "other")
            charts[f"beliefs-{place}-1"] = beliefs(episode, "other", "one")
        charts[f"payoffs-{place}"] = payoffs(episode)
    return charts


def _episode(episode: Episode, place: int, title: str) -> str:
    """The HTML of an episode: what it is, its charts, the text of its steps."""
    templates = "".join(f"<template>{step}</template>" for step in step_templates(episode))
    who = names(episode)
    arms_of = "".join(f"<h3>{_heading(episode, which)}</h3>{_arms(place, which, who)}" for which in range(len(who)))
    words = (
        f'<div class="panel" role="region" aria-label="the step in words" aria-live="polite" tabindex="0"></div>'
        f"{templates}{_part('happened', f'<h3>What happened</h3>{story(episode)}')}{_phase(episode, place)}"
    )
    more = (
        f"{_drawn('deeds', 'What they did', place, 'What each state did in each step')}"
        f"{_drawn('signals', 'What they said, and what they are', place, 'What each state said in each step')}"
        f"{_beliefs(episode, place)}"
        f"{_drawn('payoffs', 'What it paid', place, 'Discounted payoffs of each state')}"
    )
    columns = (
        f'<div class="columns"><div class="arms">{arms_of}{_pair(who)}</div><div class="words">{words}</div>'
        f'<div class="more">{more}</div></div>'
    )
    return f'<section class="episode" aria-label="{escape(episode.title)}">{title}{head(episode)}{columns}</section>'


def _phase(episode: Episode, place: int) -> str:
    """The phase portrait; nothing where nobody ever had arms."""
    if not is_armed(episode):
        return ""
    label = "Path of the arms of one state against those of another"
    return _drawn("phase", "Arms of one against arms of the other", place, label)


def _beliefs(episode: Episode, place: int) -> str:
    """What two states believe of one another; nothing where there is nothing to believe."""
    if not is_armed(episode) and episode.belief_kind is None:
        return ""
    told = CAPTIONS["beliefs"] + (f" {GREED_CAPTIONS[episode.belief_kind]}" if episode.belief_kind else "")
    first = figure(f"beliefs-{place}-0", "", "Believed and true offensive share of the arms of another state")
    second = figure(f"beliefs-{place}-1", told, "The same the other way round")
    return _part("beliefs", f"<h3>What they believed of one another</h3>{first}{second}")


def _heading(episode: Episode, which: int) -> str:
    row = episode.states[which]
    return escape(f"Arms of {row.state}, {kind_of(row.intent)}")


def _arms(place: int, which: int, who: Sequence[str]) -> str:
    caption = CAPTIONS["arms"] if which == len(who) - 1 else ""
    return figure(f"arms-{place}-{which}", caption, f"Offensive and defensive arms of {who[which]} over the steps")


def _drawn(kind: str, heading: str, place: int, label: str) -> str:
    """A part of an episode that is one chart."""
    return _part(kind, f"<h3>{heading}</h3>{figure(f'{kind}-{place}', CAPTIONS[kind], label)}")


def _part(kind: str, content: str) -> str:
    """A part of an episode; those of the same kind are level where two episodes stand side by side."""
    return f'<div class="part {kind}">{content}</div>'


def _pair(who: Sequence[str]) -> str:
    """Two lists to choose the states from that the charts of two states show; nothing where there are only two."""
    if len(who) == 2:
        return ""
    selects = [
        f"<label>{word} <select>"
        + "".join(f"<option{' selected' * (name == who[k])}>{escape(name)}</option>" for name in who)
        + "</select></label>"
        for k, word in enumerate(("one", "other"))
    ]
    return f'<div class="pair">Charts of two states show {"".join(selects)}</div>'


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
