"""What causal controls do to wars, by contestant and world."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from security_dilemma_training.benchmark.controls import CONTROLS, WarShare, war_share
from security_dilemma_training.benchmark.definitions import SURE
from security_dilemma_training.benchmark.markdown import escaped, head, table_row
from security_dilemma_training.benchmark.tables import NO_CONTROL, MeasuredCell
from security_dilemma_training.comparisons import holm, sign_flip_test
from security_dilemma_training.statistics import least_p_of_pairs
from security_dilemma_training.summary import display_name, show_interval
from security_dilemma_training.verdict import Ending

__all__ = ["Effect", "effects", "effects_lines"]

HEADINGS = (
    *("world", "learner", "control", "pairs of seeds", "at war without", "at war under it"),
    *("fall of the tragic war rate", "share of wars that go", "p", "adjusted p"),
)


class Effect(NamedTuple):
    """A control's effect on the tragic wars of one contestant in one world."""

    without: MeasuredCell
    under: MeasuredCell
    share: WarShare
    p: float  # of the sign-flip test over pairs of seeds; NaN where there is none
    adjusted: float  # by Holm, over all effects


def effects(cells: Sequence[MeasuredCell]) -> list[Effect]:
    """Return the effect of every control wherever the same contestant played the same world without one."""
    plain = {(cell.world, cell.contestant): cell for cell in cells if cell.control == NO_CONTROL}
    found = []
    for under in cells:
        without = plain.get((under.world, under.contestant))
        if under.control != NO_CONTROL and without is not None:
            before, after = _rates(without), _rates(under)
            differences = [before[seed] - after[seed] for seed in sorted(before.keys() & after.keys())]
            p = sign_flip_test(differences) if differences else math.nan
            found.append(Effect(without, under, war_share(before, after), p, math.nan))
    tested = [effect for effect in found if not math.isnan(effect.p)]
    adjusted = dict(zip(map(id, tested), holm([effect.p for effect in tested]).tolist(), strict=True))
    return [effect._replace(adjusted=adjusted.get(id(effect), math.nan)) for effect in found]


def effects_lines(found: Sequence[Effect]) -> Iterator[str]:
    """Yield what the controls are, the table of their effects, and what has to be said with it."""
    for control in dict.fromkeys(effect.under.control for effect in found):
        about = f": {CONTROLS[control].identifies}" if control in CONTROLS else ""
        yield f"- *{_shown(control)}*{escaped(about)}."
    yield ""
    yield from head(HEADINGS)
    for effect in found:
        names = [
            escaped(display_name(effect.under.world)),
            escaped(effect.under.contestant),
            _shown(effect.under.control),
        ]
        counts = [f"{cell.endings.count(Ending.WAR)}/{len(cell.endings)}" for cell in (effect.without, effect.under)]
        p = ["–" if math.isnan(value) else f"{value:.2g}" for value in (effect.p, effect.adjusted)]
        fall, share = show_interval(effect.share.difference, 2), show_interval(effect.share.share, 2)
        if all(ended is Ending.PEACE for ended in effect.without.endings):
            share = "–"
        yield table_row([*names, str(effect.share.seeds), *counts, fall, share, *p])
    yield ""
    yield "A dash stands where every seed is at peace without control, so that there is next to no war to explain. With"
    yield "few seeds at war a share says little even where its interval is narrow: look at the seeds."
    yield ""
    yield from _least_p(found)
    remarks: dict[str, list[str]] = {}
    for effect in found:
        where = f"{display_name(effect.under.world)} with {effect.under.contestant}, {_shown(effect.under.control)}"
        for remark in effect.share.remarks:
            remarks.setdefault(remark, []).append(where)
    for remark, where_said in remarks.items():
        everywhere = len(where_said) == len(found)
        yield f"- {'Everywhere' if everywhere else escaped('; '.join(where_said))}: {escaped(remark)}."
    yield ""


def _least_p(found: Sequence[Effect]) -> Iterator[str]:
    """Say so where no test can come out significant, however clear a control's effect is."""
    pairs, tests = max(effect.share.seeds for effect in found), sum(not math.isnan(effect.p) for effect in found)
    least = least_p_of_pairs(pairs)
    if pairs and least * tests > SURE:
        yield f"With {pairs} pair{'s' * (pairs > 1)} of seeds p is never below {least:.2g}, and adjusted p never below"
        yield f"{min(1.0, least * tests):.2g}: a large p is no sign that a control does nothing."
        yield ""


def _rates(cell: MeasuredCell) -> dict[int, float]:
    """Tragic war rate by seed, of those that have one."""
    rates = {int(row["seed"]): float(row["tragic_war_rate"]) for row in cell.rows}
    return {seed: rate for seed, rate in rates.items() if not math.isnan(rate)}


def _shown(control: str) -> str:
    return escaped(control.replace("_", " "))
