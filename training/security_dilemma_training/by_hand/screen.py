"""What is shown to who plays: the start, each turn and the end, within 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from security_dilemma.spaces import INTENTS
from security_dilemma_training.by_hand.sight import Sight, Watcher
from security_dilemma_training.policies import Floats
from security_dilemma_training.replay.why import chance

if TYPE_CHECKING:
    from security_dilemma_training.config import RunConfig
    from security_dilemma_training.replay.episode import Episode, StateRow

__all__ = ["show_end", "show_start", "show_turn"]

BLOCKS = " ▁▂▃▄▅▆▇█"
SHOWN = 12
"""Steps of arms so far."""

ESTIMATES = (
    "Estimates are your own, from what you see: your view of the balance ({balance:.2f}), reported arms, and the "
    "offensive share that they read as."
)


def show_start(console: Console, config: RunConfig, watcher: Watcher, sight: Sight, against: str) -> None:
    """Show who plays, and what is at stake for the person."""
    params = watcher.params
    others = ", ".join(other.name for other in sight.others)
    console.rule(_plain(f"{config.label.replace('_', ' ')} · you are state_{watcher.seat}"), align="left")
    for line in (
        _intent(sight),
        _war(config, params["war_cost"]),
        f"{others} {'is' if watcher.n_states == 2 else 'are'} played by {against}. Others are security seekers with a "
        f"probability of {_range(watcher.trust)}; what they are you learn at the end.",
        *_world(config, params),
        *_motive(sight),
    ):
        console.print(_plain(line))


def _range(values: Floats) -> str:
    low, high = f"{values.min():g}", f"{values.max():g}"
    return low if low == high else f"{low} to {high}"


def _intent(sight: Sight) -> str:
    if sight.greed > 0:
        return f"You are greedy: what you conquer is worth {sight.greed:g} of its economy to you."
    return "You are a security seeker: conquest is worth nothing to you."


def _war(config: RunConfig, cost: float) -> str:
    if config.game.war == "scaled":
        return (
            f"War in a stage costs each side {cost:g} of its stake, and the loser the stake; who won you learn later."
        )
    future = "An undisturbed future is worth 1." if config.game.stages is None else "Peace to the end is worth 1."
    return f"{future} War costs each side {cost:g}; the loser is eliminated, the winner goes on undisturbed."


def _world(config: RunConfig, params: dict[str, float]) -> list[str]:
    stages = config.game.stages
    if stages is not None:
        staged = ", ".join(f"{' or '.join(moves)} at stake {stake:g}" for moves, stake in stages)
        return [f"A stage game, every stage a crisis: {staged}."]
    balance, told_apart = params["balance"], params["distinguishability"]
    side = "Offence" if balance > 0 else "Defence" if balance < 0 else "Neither side"
    reports = "only in part" if told_apart < 1 else "exactly"
    read = "cannot be told apart: what you read of them is noise" if not told_apart else f"can be told apart {reports}"
    return [
        f"{side} has the advantage (balance {balance:g}). Postures {read} (distinguishability {told_apart:g}). "
        f"A unit of arms costs {params['upkeep']:g} of the economy in each step, in which a share "
        f"of {params['depreciation']:g} of all arms is lost."
    ]


def _motive(sight: Sight) -> list[str]:
    return [f"To strike is worth {sight.initiative:+.2f} to you as such."] if sight.initiative else []


def show_turn(
    console: Console, watcher: Watcher, seen: Sequence[Sight], told: Sequence[str], said: str | None, number: int
) -> None:
    """Show a turn: what happened, and a row for each state.

    Args:
        console: Where.
        watcher: The seat.
        seen: What has been seen so far, the last is now.
        told: What happened, in words.
        said: The person's own last signal.
        number: Of the turn, from 0.
    """
    sight = seen[-1]
    name = f"step {number}" if sight.stage is None else f"stage {sight.stage}"
    crisis = "" if sight.rival is None else f" · CRISIS with {sight.rival.name}"
    console.print()
    console.rule(_plain(f"{name}{crisis}"), align="left", style="bold" if crisis else "dim")
    for line in told:
        console.print(_plain(f"  {line}"))
    console.print(_table(watcher, seen, said))
    estimated = any(other.alive for other in sight.others)
    if estimated and number == 0:
        console.print(_plain(ESTIMATES.format(balance=sight.perceived_balance)), style="dim")


def _table(watcher: Watcher, seen: Sequence[Sight], said: str | None) -> Table:
    now, cap = seen[-1], watcher.params["arms_cap"]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    heads = (
        "",
        "arms",
        "offens.\nshare",
        "econ.",
        "last\nsignal",
        "est. win if\nyou strike",
        "est. win if\nit strikes",
    )
    for k, head in enumerate(heads):
        table.add_column(head, justify="left" if k in (0, 4) else "right", no_wrap=True)
    table.add_column("arms so far", no_wrap=True)
    own = [sight.arms for sight in seen]
    table.add_row(
        " you", f"{now.arms:.2f}", f"{now.share:.2f}", f"{now.economy:.2f}", said or "–", "", "", _strip(own, cap)
    )
    for k, other in enumerate(now.others):
        if not other.alive:
            table.add_row(f" {other.name}", *["–"] * 6, "eliminated")
            continue
        numbers = (f"{other.arms:.2f}", f"{other.dossier:.2f}", f"{other.economy:.2f}", other.signal)
        chances = (chance(other.chance), chance(1 - other.threat))
        past = [sight.others[k].arms for sight in seen]
        table.add_row(f" {other.name}", *numbers, *chances, _strip(past, cap))
    return table


def _strip(arms: Sequence[float], cap: float) -> str:
    """The last arms as blocks, of full height at the cap."""
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[min(top, max(0, round(top * stock / cap)))] for stock in arms[-SHOWN:])


def show_end(console: Console, episode: Episode, seat: int) -> None:
    """Show what was hidden: intents, and how it went with which chance and payoff."""
    me = f"state_{seat}"
    console.print()
    console.rule("the end", align="left", style="bold")
    console.print(_plain(episode.outcome), style="bold")
    for event in episode.events:
        if event.kind in ("strike", "war", "end"):
            console.print(_plain(f"  {event.text}"))
    table = Table(box=None, padding=(0, 1), pad_edge=True)
    for head, side in (("", "left"), ("was", "left"), ("played by", "left"), ("payoff", "right"), ("", "left")):
        table.add_column(head, justify=side)  # type: ignore[arg-type]
    last = episode.states[-episode.n_states :]
    for k, row in enumerate(last):
        intent = Text(row.intent.replace("_", " "), style="bold" if row.intent != INTENTS[0] else "")
        name = "you" if row.state == me else row.state
        fate = "" if row.alive else "eliminated"
        table.add_row(name, intent, episode.players[k], f"{_total(episode, row):.3f}", fate)
    console.print(table)
    staged = "Payoffs are sums over the stages."
    whole = "Payoffs are discounted to the start, up to the end; an undisturbed future is worth 1."
    console.print(_plain(staged if episode.stages else whole), style="dim")


def _total(episode: Episode, last: StateRow) -> float:
    return next((row.total for row in reversed(episode.states) if row.state == last.state and row.total is not None), 0)


def _plain(words: str) -> Text:
    return Text(words)
