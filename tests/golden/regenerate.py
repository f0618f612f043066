"""Reference trajectories: what the rules make of given actions and given chance.

Run ``python tests/golden/regenerate.py`` after a change of the rules that is meant, and read the diff: it shows what
the change does to play. ``tests/envs/test_golden.py`` replays each file and compares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from security_dilemma.actions import component_sizes, decode
from security_dilemma.chance import Draws
from security_dilemma.dynamics import advance, initial, terminated
from security_dilemma.params import WORLDS, Params
from security_dilemma.payoffs import reward
from security_dilemma.perception import observe
from security_dilemma.stages import MOVE_NAMES, Stages
from security_dilemma.state import Signal, State

FOLDER = Path(__file__).parent
SIGNAL_NAMES = tuple(signal.name.lower() for signal in Signal)
PLACES = 6
SHOWN = ("offensive", "defensive", "economy", "alive", "crisis", "struck", "won", "pledged", "dossier", "reported_arms")


@dataclass(frozen=True)
class Scenario:
    """A game to record; ``seed`` gives both its actions, when recorded anew, and its chance."""

    about: str
    seed: int
    steps: int
    changes: dict[str, Any]
    world: str = "doubly_dangerous"
    n_states: int = 2
    stages: Stages | None = None
    war: str = "terminal"
    strike_share: float = 0.2

    @property
    def params(self) -> Params:
        """The parameters, with one value per state as float64 arrays."""
        return WORLDS[self.world].replace(**self.changes).cast(np.float64)


EVERYTHING: dict[str, Any] = {
    "fungibility_override": 0.6,
    "visibility_override": 0.8,
    "trust": 0.5,
    "greed": [0.5, 0.7, 0.9],
    "initiative_mean": 0.05,
    "initiative_width": 0.1,
    "crisis_rate": 0.5,
    "arms_noise": 0.2,
    "worst_case": 0.1,
    "balance_width": 0.3,
    "balance_bias": 0.1,
    "balance_noise": 0.2,
    "growth": 0.02,
    "spoils": 0.4,
    "power_weight": 0.3,
    "routine_weight": 0.2,
    "prosocial_weight": 0.1,
    "initial_economy": [1.0, 2.0, 1.5],
}
REASSURANCE = (
    (("hold", "strike"), 0.3),
    (("hold", "arm_defensively", "arm_offensively"), 0.2),
    (("hold", "strike"), 0.5),
)
SCENARIOS = {
    **{
        world: Scenario(f"Two states in {world}, with more crises", 9, 8, {"crisis_rate": 0.3}, world)
        for world in WORLDS
    },
    "three_states": Scenario("Three states with every rule switched on", 11, 12, EVERYTHING, n_states=3),
    "stages_terminal": Scenario(
        "Three stages, the second without strikes; war ends the game", 34, 3, {"trust": 0.5}, stages=REASSURANCE
    ),
    "stages_scaled": Scenario(
        "The same stages; each pays its stake of the crisis", 9, 3, {"trust": 0.5}, stages=REASSURANCE, war="scaled"
    ),
}


def chance(rng: np.random.Generator, n: int) -> Draws:
    """Draw chance field by field, so that the files depend on the rules and not on how adapters draw."""
    uniform = {name: np.asarray(rng.random()) for name in ("balance", "war", "crisis", "dyad")}
    by_state = {name: rng.random(n) for name in ("intent", "initiative", "strike")}
    pairs = {name: rng.standard_normal((n, n)) for name in ("posture", "arms")}
    return Draws(**uniform, **by_state, **pairs, perception=rng.standard_normal(n))


def scripted_actions(scenario: Scenario) -> list[dict[str, Any]]:
    """Draw readable actions for every step."""
    rng = np.random.default_rng(scenario.seed + 1)
    share = scenario.strike_share
    n, rest = scenario.n_states, [(1 - share) / 4] * 4
    return [
        {
            "moves": [MOVE_NAMES[k] for k in rng.choice(5, n, p=[*rest, share])],
            "signals": [SIGNAL_NAMES[k] for k in rng.integers(0, len(Signal), n)],
            "support": rng.integers(0, n, n).tolist() if n > 2 else [0] * n,
        }
        for _ in range(scenario.steps)
    ]


def replay(scenario: Scenario, actions: list[dict[str, Any]]) -> dict[str, Any]:
    """Play ``actions`` and return the trajectory as it is stored."""
    params, stages, n = scenario.params, scenario.stages, scenario.n_states
    rng = np.random.default_rng(scenario.seed)
    state = initial(params, chance(rng, n), stages)
    start = {name: _rounded(getattr(state, name)) for name in ("greed", "initiative", "balance", "perceived_balance")}
    steps = []
    for words in actions:
        numbers = [[MOVE_NAMES.index(m) for m in words["moves"]], [SIGNAL_NAMES.index(s) for s in words["signals"]]]
        encoded = np.array([*numbers, words["support"]][: len(component_sizes(n))]).T
        draws = chance(rng, n)
        action = decode(params, state, encoded, draws)
        after = advance(params, state, action, draws, stages, scenario.war)
        paid = reward(params, state, action, after, stages, scenario.war)
        steps.append(words | _shown(after, n) | {"reward": _rounded(paid)})
        steps[-1] |= {"terminated": _rounded(terminated(after, stages))}
        state = after
    last = _rounded(observe(params, state, stages))
    head = {"about": scenario.about, "seed": scenario.seed, "world": scenario.world, "changes": scenario.changes}
    shape = {"stages": _as_json(stages), "war": scenario.war}
    return head | shape | {"start": start, "steps": steps, "last_observations": last}


def _shown(state: State, n: int) -> dict[str, Any]:
    names = [*SHOWN, "support"] if n > 2 else SHOWN
    return {("supports" if name == "support" else name): _rounded(getattr(state, name)) for name in names}


def _rounded(x: Any) -> Any:
    array = np.asarray(x)
    return array.astype(int).tolist() if array.dtype == bool else (np.round(array, PLACES) + 0.0).tolist()


def _as_json(x: Any) -> Any:
    return json.loads(json.dumps(x))


def text(trajectory: dict[str, Any]) -> str:
    """Write a trajectory as JSON with one line per quantity and step."""

    def block(rows: dict[str, Any], indent: str) -> str:
        return ",\n".join(f"{indent}{json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())

    steps = ",\n".join("    {\n" + block(step, "      ") + "\n    }" for step in trajectory["steps"])
    rest = {name: value for name, value in trajectory.items() if name != "steps"}
    return "{\n" + block(rest, "  ") + ',\n  "steps": [\n' + steps + "\n  ]\n}\n"


def main() -> None:
    """Write every file anew, with the actions that it holds already."""
    for name, scenario in SCENARIOS.items():
        path = FOLDER / f"{name}.json"
        actions = recorded_actions(path) if path.exists() else scripted_actions(scenario)
        path.write_text(text(replay(scenario, actions)), encoding="utf-8")
        print(f"wrote {path.name}")


def recorded_actions(path: Path) -> list[dict[str, Any]]:
    """Return the actions that a file holds."""
    steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
    return [{name: step[name] for name in ("moves", "signals", "support")} for step in steps]


if __name__ == "__main__":
    main()
