"""The plain rules the quadratic vote is compared with: mean, Borda, plurality.

All three score candidates from the same weights, so a user sees what the voting
rule changed and an evaluation can ablate it [ours].
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["borda_count", "mean_weight", "plurality_share"]

Matrix = NDArray[np.float64]


def mean_weight(weights: Matrix) -> NDArray[np.float64]:
    """Mean written weight, scaled to [-1, 1].

    Args:
        weights: Shape `(reviewers, candidates)` in [-100, 100], NaN for "not voted".

    Returns:
        Shape `(candidates,)`; NaN where nobody voted.
    """
    return _mean_of_voted(weights / 100.0)


def borda_count(weights: Matrix) -> NDArray[np.float64]:
    """Mean share of the rivals a candidate beats on a ballot (a tie beats half).

    A reviewer who saw `m` candidates gives a candidate `(beaten + tied/2)/(m-1)`;
    one who saw a single candidate ranks nothing and counts as NaN. Shapes as in
    `mean_weight`; values in [0, 1].
    """
    points = np.full(weights.shape, np.nan)
    for row, ballot in enumerate(weights):
        seen = np.flatnonzero(~np.isnan(ballot))
        if len(seen) < 2:
            continue
        mine, others = ballot[seen][:, None], ballot[seen][None, :]
        beaten = (mine > others).sum(axis=1)
        tied = (mine == others).sum(axis=1) - 1
        points[row, seen] = (beaten + tied / 2) / (len(seen) - 1)
    return _mean_of_voted(points)


def plurality_share(weights: Matrix) -> NDArray[np.float64]:
    """Share of first places; reviewers who rank several first split their place.

    Shapes as in `mean_weight`; values in [0, 1], summing to 1 when anybody voted.
    """
    firsts = np.zeros(weights.shape[1])
    voters = 0
    for ballot in weights:
        if np.isnan(ballot).all():
            continue
        top = ballot == np.nanmax(ballot)
        firsts += top / top.sum()
        voters += 1
    return np.asarray(firsts / voters) if voters else np.full(len(firsts), np.nan)


def _mean_of_voted(points: Matrix) -> NDArray[np.float64]:
    cover = (~np.isnan(points)).sum(axis=0)
    total = np.nansum(points, axis=0)
    return np.divide(total, cover, out=np.full(len(cover), np.nan), where=cover > 0)
