"""What just happened, in words: the difference between what a state saw and what it sees."""

from __future__ import annotations

from collections.abc import Iterator

from security_dilemma_training.by_hand.sight import Other, Sight

__all__ = ["news"]

SAID = {
    "assure": "assures you",
    "burn": "burns a cost for all to see",
    "pledge": "pledges not to strike first in the coming step",
    "open": "opens its books",
}


def news(before: Sight | None, now: Sight) -> list[str]:
    """Return sentences on what a state can tell has happened.

    Args:
        before: What it saw a step ago; None at the start.
        now: What it sees.
    """
    told: list[str] = []
    if before is None:
        told += [_known(other.name, other.greed) for other in now.others if other.greed is not None]
    else:
        for old, new in zip(before.others, now.others, strict=True):
            told += _of_other(old, new)
        if not told:
            told.append("Nothing that you can see has changed.")
    return [*told, *_at_stake(now)]


def _known(name: str, greed: float) -> str:
    return f"You know that {name} is {'greedy' if greed > 0 else 'a security seeker'}."


def _of_other(old: Other, new: Other) -> Iterator[str]:
    if old.alive and not new.alive:
        how = ": you have won the war" if old.crisis else ", in a war with another"
        yield f"{new.name} is eliminated{how}."
    if not new.alive:
        return
    if new.struck_me:
        yield f"{new.name} struck you."
    changes = [SAID[new.signal]] if new.signal in SAID else []
    if round(new.arms, 2) != round(old.arms, 2):
        changes.append(f"arms {'up' if new.arms > old.arms else 'down'} from {old.arms:.2f} to {new.arms:.2f}")
    if round(new.dossier, 2) != round(old.dossier, 2):
        way = "more" if new.dossier > old.dossier else "less"
        changes.append(f"reads {way} offensive, {old.dossier:.2f} to {new.dossier:.2f}")
    if changes:
        yield f"{new.name}: {'; '.join(changes)}."


def _at_stake(now: Sight) -> Iterator[str]:
    for other in now.others:
        if other.supports_me:
            yield f"{other.name} defends you in this step."
        if other.supported and other.alive:
            yield f"You defend {other.name} in this step."
    if now.pledged:
        yield "Your pledge not to strike first is in force."
    if now.rival is not None:
        yield f"CRISIS with {now.rival.name}: in this step either of you can strike."
