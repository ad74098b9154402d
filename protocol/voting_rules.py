"""The plain rules the quadratic vote is compared with: mean, Borda, plurality.

All three score candidates from the same weights, so a user sees what the voting
rule changed and an evaluation can ablate it [ours].
"""

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.influence import EQUAL, Influence
from nsed.protocol.quadratic_voting import net_support

__all__ = ["borda_count", "mean_weight", "plurality_share"]

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def mean_weight(weights: Matrix, influence: Influence = EQUAL) -> Vector:
    """Mean written weight, scaled to [-1, 1].

    Args:
        weights: Shape `(reviewers, candidates)` in [-100, 100], NaN for "not voted".
        influence: How much say each reviewer has, as in `net_support`.

    Returns:
        Shape `(candidates,)`; NaN where nobody voted.
    """
    return net_support(weights / 100.0, influence)


def borda_count(weights: Matrix, influence: Influence = EQUAL) -> Vector:
    """Mean share of the rivals a candidate beats on a ballot (a tie beats half).

    A reviewer who saw `m` candidates gives a candidate `(beaten + tied/2)/(m-1)`;
    one who saw a single candidate ranks nothing and counts as NaN. Shapes as in
    `mean_weight`; values in [0, 1].
    """
    mine, rival = weights[:, :, None], weights[:, None, :]
    beaten = (mine > rival).sum(axis=2)
    tied = (mine == rival).sum(axis=2) - 1  # everybody ties with himself
    voted = ~np.isnan(weights)
    rivals = voted.sum(axis=1, keepdims=True) - 1
    points = np.full(weights.shape, np.nan)
    np.divide(beaten + tied / 2, rivals, out=points, where=voted & (rivals > 0))
    return net_support(points, influence)


def plurality_share(weights: Matrix, influence: Influence = EQUAL) -> Vector:
    """Share of first places; reviewers who rank several first split their place.

    Shapes as in `mean_weight`; values in [0, 1], summing to 1 when anybody voted,
    so a candidate shown to few reviewers has few chances. All NaN if nobody voted.
    """
    voted = ~np.isnan(weights)
    highest = np.nanmax(weights, axis=1, keepdims=True, initial=-np.inf)
    first = (weights == highest).astype(float)
    # Whoever voted at all has a say, 0 included, on every candidate.
    first[~voted.any(axis=1)] = np.nan
    return net_support(
        first / np.maximum(first.sum(axis=1, keepdims=True), 1.0), influence
    )
