"""The environment's page in PettingZoo's format, from the tables of the rules.

``python -m docs.generators.environment`` writes ``docs/environment.md``, which is committed: code hosts show it, too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from docs.generators.rewards import reward_rows
from docs.generators.tables import code, prose, table
from gymnasium import spaces

from security_dilemma.actions import ACTION_MODES, CONTINUOUS_COMPONENTS
from security_dilemma.arrays import Value
from security_dilemma.combat import attack_probability, attack_strength, defence_strength
from security_dilemma.parallel_env import METADATA, SecurityDilemma
from security_dilemma.params import DEFAULT_WORLD, PARAMETERS, WORLDS, Params
from security_dilemma.perception import observation_table
from security_dilemma.spaces import INTENTS, START_OPTIONS
from security_dilemma.stages import MAX_STATES
from security_dilemma.state import Move, Signal
from security_dilemma_training.writing import write_atomically

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parents[1] / "environment.md"
"""The page that is committed."""

TEMPLATE = Path(__file__).with_name("environment.template")

MOVES = {
    Move.HOLD: "nothing",
    Move.ARM_DEFENSIVELY: "buys `build` units of defensive arms",
    Move.ARM_OFFENSIVELY: "buys `build` units of offensive arms",
    Move.DISARM: "halves both stocks",
    Move.STRIKE: "attacks the other state of the crisis; outside a crisis it is a hold",
}
SIGNALS = {
    Signal.SILENT: "says nothing",
    Signal.ASSURE: "a message that costs nothing and binds nobody",
    Signal.BURN: "burns `burn_cost` of its economy's income, for all to see",
    Signal.PLEDGE: "pledges not to strike in the next step; to strike all the same costs `audience_cost`",
    Signal.OPEN: "opens its books: its posture and arms go exactly into the reports of this step",
}
OPTIONS = {
    "intents": f"`{INTENTS[0]}` or `{INTENTS[1]}` (or 0 and 1), instead of a draw by `trust`",
    "offensive": "offensive stock, from 0; with the defensive one at most `arms_cap`",
    "defensive": "defensive stock, from 0",
    "balance": f"the game's balance, in {PARAMETERS['balance']}",
}
VERSIONS = {0: "the rules described here"}
"""What each version of the environment changed; a new one is due when learning results can change."""


def _shape(space: spaces.Space[Any]) -> str:
    return str(space.shape)


def _range(low: Value, high: Value) -> str:
    """The least and the greatest bound; what float32 adds to a bound is left out."""
    return f"[{_number(float(np.min(low)))}, {_number(float(np.max(high)))}]"


def _number(value: float) -> str:
    return f"{value:.5g}".replace("inf", "∞")


def _overview(env: SecurityDilemma) -> Iterator[Sequence[str]]:
    agent = env.possible_agents[0]
    action, seen, true = env.action_space(agent), env.observation_space(agent), env.state_space
    yield "Import", code("from security_dilemma import security_dilemma_v0")
    yield "Actions", "Discrete / Continuous"
    yield "Parallel API", "Yes" if METADATA["is_parallelizable"] else "No"
    yield "Manual control", "Yes, in the terminal: `security-dilemma play`"
    yield "Agents", code(f"agents = {env.possible_agents}")
    yield "Number of agents", f"{env.n_states}, or up to {MAX_STATES}"
    yield "Action shape", code(_shape(action))
    yield "Action values", code(action)
    yield "Observation shape", code(_shape(seen))
    yield "Observation values", f"{_range(seen.low, seen.high)}, by entry"
    yield "State shape", code(_shape(true))
    yield "State values", f"{_range(true.low, true.high)}, by entry"
    yield "Render modes", ", ".join(code(mode) for mode in METADATA["render_modes"])


def _agents() -> Iterator[Sequence[str]]:
    seeker, greedy = INTENTS
    yield "intent", f"`{seeker}` with probability `trust`, else `{greedy}`: conquest is worth `greed` more to it"
    yield "initiative", "`h`, private benefit of striking: uniform on `initiative_mean ± initiative_width`"
    yield "perceived balance", "the game's balance, with the leader's `balance_bias` and `balance_noise`"


def _numbered(kinds: type[Move] | type[Signal], meanings: dict[Any, str]) -> Iterator[Sequence[str]]:
    return ((str(int(kind)), code(kind.name.lower()), meanings[kind]) for kind in kinds)


def _supports() -> Iterator[Sequence[str]]:
    yield "0", "nobody"
    yield "`k`", "defends the state `k` places after it, in the step that follows, if that state is struck one-sidedly"


def _modes() -> Iterator[Sequence[str]]:
    rates = ", ".join(map(code, CONTINUOUS_COMPONENTS))
    sent = {
        "multidiscrete": "one number for each component",
        "discrete": "the product of the components, the last one running fastest",
        "continuous": f"{rates}: rates, a burn from 0.5 on, a strike's probability; no other signals, no support",
    }
    for mode in ACTION_MODES:
        two, three = (SecurityDilemma(action_mode=mode, n_states=n).action_space("state_0") for n in (2, 3))
        yield code(mode), code(two), code(three), sent[mode]


def _observations() -> Iterator[Sequence[str]]:
    for entry in observation_table(WORLDS[DEFAULT_WORLD]):
        yield str(entry.place), code(entry.name), _range(entry.low, entry.high), prose(entry.meaning)


def _sizes() -> Iterator[Sequence[str]]:
    params = WORLDS[DEFAULT_WORLD]
    for n in range(2, MAX_STATES + 1):
        plain, revealed = (len(observation_table(params, n, reveal_intents=known)) for known in (False, True))
        yield str(n), str(plain), str(revealed), _shape(SecurityDilemma(n_states=n).state_space)


def _worlds() -> Iterator[Sequence[str]]:
    for name, params in WORLDS.items():
        attack = attack_strength(params, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
        defence = defence_strength(params, np.zeros(3), np.zeros(3))
        chances = attack_probability(params, np.full(3, params.balance), attack, defence)
        yield (
            code(name),
            *(f"{value:g}" for value in (params.balance, params.distinguishability)),
            *map("{:.3f}".format, chances),
        )


def _signature() -> tuple[str, list[Sequence[str]]]:
    """The call with its defaults, and the meaning of every argument but the parameters."""
    told = dict(re.findall(r"^ +(\w+): (.+)$", inspect.getdoc(SecurityDilemma.__init__) or "", re.MULTILINE))
    given = [p for p in inspect.signature(SecurityDilemma).parameters.values() if p.kind is not p.VAR_KEYWORD]
    call = "".join(f"    {argument.name}={_written(argument.default)},\n" for argument in given)
    return call, [(code(p.name), code(_written(p.default)), prose(told[p.name])) for p in given]


def _written(value: object) -> str:
    """A value as the code of this project has it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _parameters() -> Iterator[Sequence[str]]:
    for name, allowed in PARAMETERS.items():
        default = getattr(Params(), name)
        shown = code(default if default is None else f"{default:g}")
        yield code(name), allowed.symbol, shown, str(allowed), prose(allowed.meaning)


def page() -> str:
    """Return the page as Markdown."""
    env = SecurityDilemma()
    call, arguments = _signature()
    rows = {"overview": _overview(env), "action_modes": _modes(), "rewards": reward_rows()}
    tables = {
        "agents": table(("What", "How it is drawn"), _agents()),
        "moves": table(("Move", "Name", "What it does"), _numbered(Move, MOVES)),
        "signals": table(("Signal", "Name", "What it does"), _numbered(Signal, SIGNALS)),
        "support": table(("Support", "Whom the state defends"), _supports()),
        "observations": table(("Place", "Entry", "Bounds", "Meaning"), _observations()),
        "sizes": table(("States", "Entries", "with `reveal_intents`", "State shape"), _sizes()),
        "worlds": table(("World", "`b`", "`d`", "unarmed", "with one unit of `O`", "with one unit of `D`"), _worlds()),
        "arguments": table(("Argument", "Default", "Meaning"), arguments),
        "parameters": table(("Parameter", "Symbol", "Default", "Allowed", "Meaning"), _parameters()),
        "options": table(("Option", "Value"), [(code(name), OPTIONS[name]) for name in START_OPTIONS]),
        "versions": table(("Version", "What changed"), [(f"v{n}", told) for n, told in sorted(VERSIONS.items())]),
    }
    bodies = {name: "\n".join(f"| {' | '.join(row)} |" for row in found) for name, found in rows.items()}
    numbers = {"max_states": MAX_STATES, "observation_size": len(observation_table(Params()))}
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(tables, **bodies, **numbers, signature=call)


def main() -> None:
    """Write the page."""
    write_atomically(PAGE, page())


if __name__ == "__main__":
    main()
