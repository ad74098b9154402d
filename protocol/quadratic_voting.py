"""Quadratic voting: weights on a ballot become votes bought from an equal purse."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nsed.protocol.influence import EQUAL, Influence

__all__ = ["QuadraticRule", "cast_votes", "credit_shares", "net_support", "votes_for"]

QuadraticRule = Literal["signed", "classic"]
Matrix = NDArray[np.float64]
PURSE = 100.0
"""Credits of each reviewer."""


def credit_shares(weights: Matrix, *, rule: QuadraticRule = "signed") -> Matrix:
    """Turn what each reviewer wrote into shares of his purse of 100 credits.

    signed:   f_ij = w_ij / Σ_k |w_ik|       (0 if the denominator is 0)
    classic:  n_ij / 100, where negatives become 0 and a row whose sum is above 100
              is scaled down to 100; a reviewer may spend less than the purse.

    Args:
        weights: Shape `(reviewers, candidates)`, as written, finite. NaN means "not
            voted on": one's own proposal, or a review that never arrived.
        rule: Which of the two rules.

    Returns:
        Shares in [-1, 1], same shape, NaN kept. Absolute shares of a row sum to at
        most 1.

    Raises:
        ValueError: `weights` is not 2-D or holds an infinity.

    Source:
        arXiv:2601.16863 names quadratic voting; both rules are what the authors'
        SDK runs [authors].
    """
    if weights.ndim != 2 or np.isinf(weights).any():  # noqa: PLR2004
        msg = f"weights must be a finite 2-D matrix, found shape {weights.shape}"
        raise ValueError(msg)
    if rule == "classic":
        positive = np.maximum(weights, 0.0)
        spent = np.nansum(positive, axis=1, keepdims=True)
        return np.asarray(positive / np.maximum(spent, PURSE))
    # Scale by the largest weight first: sums of tiny or huge weights stay exact.
    largest = np.nanmax(np.abs(weights), axis=1, keepdims=True, initial=0.0)
    scaled = weights / np.where(largest > 0, largest, 1.0)
    spent = np.nansum(np.abs(scaled), axis=1, keepdims=True)
    return np.asarray(scaled / np.where(spent > 0, spent, 1.0))


def votes_for(shares: Matrix) -> Matrix:
    """Buy votes: v = sign(f)·√|f|, with |f| clamped to 1. NaN stays NaN [authors]."""
    return np.asarray(np.sign(shares) * np.sqrt(np.minimum(np.abs(shares), 1.0)))


def cast_votes(weights: Matrix, *, rule: QuadraticRule = "signed") -> Matrix:
    """Turn weights into votes in [-1, 1]; shapes and NaN as in `credit_shares`.

    Under the signed rule each row's sum of squares is 1, or 0 for a reviewer who
    gave no weight to anybody [authors].
    """
    return votes_for(credit_shares(weights, rule=rule))


def net_support(votes: Matrix, influence: Influence = EQUAL) -> NDArray[np.float64]:
    """Mean vote over the reviewers who really voted on a candidate.

    ns_j = Σ_i u_ij·v_ij / Σ_{i voted on j} u_ij, with u = 1 unless guards are on. The
    divisor is ours; with equal coverage it ranks like the plain sum [ours].

    Args:
        votes: Shape `(reviewers, candidates)`, NaN for "not voted on".
        influence: How much say u each vote has; who has 0 does not count as having
            voted.

    Returns:
        Shape `(candidates,)`, in the range of the votes; NaN where nobody voted.

    Raises:
        ValueError: `influence` is of another number of reviewers.
    """
    say = influence.say(votes)
    cover = say.sum(axis=0)
    summed = np.nansum(votes * say, axis=0)
    mean = np.full(len(cover), np.nan)
    np.divide(summed, cover, out=mean, where=cover > 0)
    return mean
