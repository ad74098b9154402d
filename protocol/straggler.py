"""The straggler rule: when a phase need not wait for the slow any longer [ours]."""

from collections.abc import Sequence
from statistics import median

__all__ = ["straggler_cut_s"]


def straggler_cut_s(
    answered_s: Sequence[float],
    *,
    asked: int,
    quorum: int,
    factor: float,
    least_s: float,
    p95_s: float | None = None,
) -> float | None:
    """How long the rest of a phase may take, from when each was asked.

    Args:
        answered_s: How long those took who gave a usable answer, in seconds.
        asked: How many were asked in all.
        quorum: How many answers the phase needs.
        factor: How many times the median is too long.
        least_s: Nobody is cut off before so many seconds.
        p95_s: What is known of the straggler: 19 of 20 of its calls took no longer.
            None: nothing.

    Returns:
        `max(least_s, p95_s, factor · median)`, or None as long as the rule does not
        hold: the quorum is not there, or no more than half have answered, whose
        median would say little of the others.
    """
    if len(answered_s) < quorum or 2 * len(answered_s) <= asked:
        return None
    return max(least_s, p95_s or 0.0, factor * median(answered_s))
