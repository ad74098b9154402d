"""The vote's guards: from the configuration to the maths, and what they did."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nsed.brokers.catalogue import family_of
from nsed.protocol.influence import Influence
from nsed.state.context import DeliberationConfig
from nsed.state.records import Ballot

__all__ = ["guard_words", "influence_of"]


def influence_of(ballots: Sequence[Ballot], config: DeliberationConfig) -> Influence:
    """Say who of these reviewers counts how much, and which family each is of."""
    names = [ballot.reviewer for ballot in ballots]
    weights = config.reviewer_weights
    return Influence(
        trust=tuple(weights.get(name, 1.0) for name in names) if weights else None,
        families=tuple(family_of(config.expert(name)) for name in names),
        family_cap=config.family_cap,
        trim=config.trim,
    )


def guard_words(
    influence: Influence, answer_votes: NDArray[np.float64]
) -> tuple[str, ...]:
    """Say in plain words what each guard did to a round.

    Args:
        influence: The guards.
        answer_votes: Pooled votes, shape `(reviewers, answers)`.
    """
    words = _cap_words(influence, answer_votes) if influence.family_cap < 1 else []
    if influence.trust is not None:
        words.append("reviewer_weights: not every ballot counts the same.")
    if influence.trim:
        words.append(
            f"trim: the highest and the lowest {influence.trim:.0%} of the say on each "
            "answer are left out."
        )
    return tuple(words)


def _cap_words(influence: Influence, votes: NDArray[np.float64]) -> list[str]:
    """One line for each family that has more of the say than it may have."""
    shares, cap = influence.shares(votes), influence.family_cap
    heard = np.array([share > 0 for share in shares.values()]).sum(axis=0)
    allowed = np.maximum(cap, 1 / np.maximum(heard, 1))
    words = [
        f"family_cap: {family} has up to {share.max():.0%} of the say, and is held to "
        f"{allowed[over].max():.0%} on {over.sum()} of {len(over)} answers."
        for family, share in shares.items()
        if (over := share > allowed + 1e-9).any()
    ]
    if alone := int((heard == 1).sum()):
        words.append(
            f"family_cap: on {alone} of {len(heard)} answers only one family voted, "
            "which no cap can hold."
        )
    return words or ["family_cap: no family has more of the say than it may have."]
