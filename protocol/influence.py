"""Influence: how much say each reviewer has in a mean of votes, and what bounds it.

Three guards against reviewers who act as one: trust in each of them, a cap on the say
of a model family, and a trimmed mean. All are off unless asked for [ours].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

__all__ = ["EQUAL", "Influence"]

Matrix = NDArray[np.float64]
NOISE = 1e-12
"""Votes and shares that differ by no more are equal."""


@dataclass(frozen=True, slots=True)
class Influence:
    """Who has how much say. The default: every reviewer the same.

    Raises:
        ValueError: A trust is negative or not finite, `family_cap` is not in (0, 1],
            or `trim` not in [0, 1/2).
    """

    trust: tuple[float, ...] | None = None
    """u of each reviewer, not negative; None: 1. Who has 0 has no say."""
    families: tuple[str, ...] | None = None
    """Model family of each reviewer; None: each is its own."""
    family_cap: float = 1.0
    """Most that one family may have of the say on one candidate; 1 is no cap. Where
    fewer than 1 / cap families voted, their equal part."""
    trim: float = 0.0
    """Share of the say to leave out of each mean at its top, and as much at its
    bottom; 0 is the plain mean."""

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        trust = np.array(self.trust or (), dtype=np.float64)
        if not (np.isfinite(trust) & (trust >= 0)).all():
            msg = f"need finite reviewer weights >= 0, found {self.trust}"
            raise ValueError(msg)
        if not (0 < self.family_cap <= 1 and 0 <= self.trim < 1 / 2):
            msg = f"out of range: family_cap={self.family_cap}, trim={self.trim}"
            raise ValueError(msg)

    @property
    def guarded(self) -> bool:
        """Whether anything is bounded, or anybody counts more than another."""
        return self.trust is not None or self.family_cap < 1 or self.trim > 0

    def say(self, votes: Matrix) -> Matrix:
        """Weigh every vote for the mean of its column.

        The cap scales down the say of a family that has too much, all members and
        votes alike, so a mean stays a mean and a unanimous vote stays what it is. It
        is applied before the trim, whose ends a bloc would otherwise take up alone,
        and once more after it. Votes that are equal lose to the trim alike.

        Args:
            votes: Shape `(reviewers, candidates)`, NaN for "not voted on".

        Returns:
            Weights of the same shape, not negative, 0 for NaN.

        Raises:
            ValueError: `trust` or `families` is not one a reviewer.
        """
        for given in (self.trust, self.families):
            if given is not None and len(given) != len(votes):
                msg = f"need one a reviewer, of {len(votes)}; found {given}"
                raise ValueError(msg)
        trust = np.ones(len(votes)) if self.trust is None else np.array(self.trust)
        say = ~np.isnan(votes) * trust[:, None]
        say = self._capped(say)
        return self._capped(_trimmed(votes, say, self.trim)) if self.trim else say

    def shares(self, votes: Matrix) -> dict[str, NDArray[np.float64]]:
        """Say of each family on each candidate before the cap, by family; 0 to 1."""
        free = Influence(trust=self.trust).say(votes)
        total = free.sum(axis=0)
        families = self._families(len(votes))
        return {
            family: np.divide(
                free[[f == family for f in families]].sum(axis=0),
                total,
                out=np.zeros(len(total)),
                where=total > 0,
            )
            for family in sorted(set(families))
        }

    def _families(self, count: int) -> Sequence[str]:
        return (
            [str(i) for i in range(count)] if self.families is None else self.families
        )

    def _capped(self, say: Matrix) -> Matrix:
        if self.family_cap == 1:
            return say
        names = self._families(len(say))
        member = np.array([[n == f for n in names] for f in sorted(set(names))])
        if not member.size:
            return say
        mass = member @ say
        level = np.array([_level(column, self.family_cap) for column in mass.T])
        scale = np.ones_like(mass)
        np.divide(level, mass, out=scale, where=mass > level)
        return np.asarray(say * (member.T @ scale))


def _level(masses: NDArray[np.float64], cap: float) -> float:
    """Most say a family may keep so that none has more than the cap of what is left."""
    falling = sorted((float(m) for m in masses if m > 0), reverse=True)
    if not falling:
        return inf
    cap, level = max(cap, 1 / len(falling)), inf
    for held, mass in enumerate(falling):
        # With `held` families at the level L: L = cap · (held · L + the others' say).
        level = cap * sum(falling[held:]) / (1 - cap * held)
        if mass <= level * (1 + NOISE):
            return level if held else inf
    return level


def _trimmed(votes: Matrix, say: Matrix, trim: float) -> Matrix:
    """Take `trim` of each column's say from its highest votes, and from its lowest."""
    left = np.zeros_like(say)
    for column in range(votes.shape[1]):
        heard = np.flatnonzero(say[:, column] > 0)
        values = votes[heard, column].round(12)
        _, group = np.unique(values, return_inverse=True)
        weight = np.bincount(group, weights=say[heard, column])
        upto = np.cumsum(weight)
        ends = np.clip(
            [upto - weight, upto], trim * weight.sum(), (1 - trim) * weight.sum()
        )
        left[heard, column] = say[heard, column] * ((ends[1] - ends[0]) / weight)[group]
    return left


EQUAL = Influence()
"""Every reviewer the same say."""
