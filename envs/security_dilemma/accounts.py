"""Accounts: what a step's payoff is made of, in the field's terms.

No term has a formula of its own. Prices are switched on one after the other, from none to all, and a term is what its
price changes in :func:`security_dilemma.payoffs.reward`, which is linear in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from security_dilemma.arrays import Array, namespace
from security_dilemma.params import Params
from security_dilemma.payoffs import last_survivor, reward
from security_dilemma.stages import Stages
from security_dilemma.state import Action, State

__all__ = ["TERMS", "payoff_terms"]

PRICES = {
    "upkeep": "upkeep",
    "burnt_signal": "burn_cost",
    "conquest": "greed",
    "initiative": "initiative",
    "broken_pledge": "audience_cost",
    "war_cost": "war_cost",
    "support": "support_cost",
    "spoils": "spoils",
    "power": "power_weight",
    "routine": "routine_weight",
    "prosocial": "prosocial_weight",
}
"""What sets the price of each term, in the order in which they are switched on: a field of Params, or of the state
where the price is a state's own. The prosocial term is a share of all others, and so the last."""

OWN = ("greed", "initiative")
"""The prices that are a state's own."""

TERMS: tuple[str, ...] = ("peaceful_step", "undisturbed_future", *PRICES)
"""The names of the terms, in their order."""


def payoff_terms(
    params: Params,
    state: State,
    action: Action,
    next_state: State,
    stages: Stages | None = None,
    war: str = "terminal",
) -> dict[str, Array]:
    """Return what each term of the step's payoff paid each state, (..., N) by name; they sum to the payoff.

    ``peaceful_step`` is the step of an economy without burdens, of who is at peace or leaves others alive, and
    ``undisturbed_future`` what the last survivor keeps; the other terms add to these or take from them. All are in
    units where an undisturbed peaceful future of one state is worth 1.

    Args:
        params: The game's parameters.
        state: The state at the start of the step.
        action: What all states did.
        next_state: The state after the step.
        stages: The stages of a stage game.
        war: ``terminal`` or ``scaled``.
    """
    xp = namespace(state.offensive)
    payoffs = (reward(*priced, action, next_state, stages, war) for priced in _prices(params, state))
    paid = next(payoffs)
    nothing = xp.zeros_like(paid)
    kept = next_state.won & last_survivor(next_state, war)
    terms = {"peaceful_step": xp.where(kept, nothing, paid), "undisturbed_future": xp.where(kept, paid, nothing)}
    for name, more in zip(PRICES, payoffs, strict=True):
        terms[name], paid = more - paid, more
    return terms


def _prices(params: Params, state: State) -> Iterator[tuple[Params, State]]:
    """Yield parameters and state without prices, then with one price more at a time."""
    own = {name: getattr(state, name) for name in OWN}
    common = {name: getattr(params, name) for name in PRICES.values() if name not in OWN}
    free = params.replace(**dict.fromkeys(common, 0.0))
    unmoved = state._replace(**{name: namespace(price).zeros_like(price) for name, price in own.items()})
    yield free, unmoved
    for name in PRICES.values():
        if name in OWN:
            unmoved = unmoved._replace(**{name: own[name]})
        else:
            free = free.replace(**{name: common[name]})
        yield free, unmoved
