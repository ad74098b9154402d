"""Latency quantiles that can be merged: counts in buckets of equal relative width.

Buckets grow by 8 %, so a quantile is off by at most 3.9 % of itself: the value given
is the one in the middle of its bucket. From 1 ms to a day there are 238 buckets, and
only those that were hit are kept. (The idea is DDSketch's, arXiv:1908.10693.)
"""

from collections.abc import Mapping
from math import ceil, log

__all__ = ["bucket_of", "quantile"]

GROWTH = 1.08
_LOG = log(GROWTH)


def bucket_of(latency_ms: float) -> int:
    """The bucket `i` with `GROWTH^(i-1) < latency_ms <= GROWTH^i`; 0 up to 1 ms."""
    # What is a power of GROWTH but for rounding belongs to the bucket it closes.
    return max(0, ceil(log(latency_ms) / _LOG - 1e-9)) if latency_ms > 1 else 0


def quantile(weights: Mapping[int, float], share: float) -> float | None:
    """The latency in ms that `share` of the weight does not exceed.

    Args:
        weights: By bucket; need not be whole numbers.
        share: In (0, 1], such as 0.95.

    Returns:
        The middle of the bucket, within 3.9 % of the exact quantile (the smallest
        value whose cumulated weight reaches the share); None without any weight.
    """
    total, below, found = sum(weights.values()), 0.0, None
    for bucket in sorted(weights):
        below += weights[bucket]
        if weights[bucket] > 0:
            found = bucket
        # The tolerance keeps a share that is met exactly out of the next bucket.
        if found is not None and below >= share * total * (1 - 1e-12):
            break
    return None if found is None else 2 * GROWTH**found / (GROWTH + 1)
