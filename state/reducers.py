"""Channel reducers: order and grouping never matter, a repeat never counts twice."""

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["merge_by_key"]

K = TypeVar("K")
V = TypeVar("V")


def merge_by_key(left: Mapping[K, V], right: Mapping[K, V]) -> dict[K, V]:
    """Union of two maps whose common keys agree.

    Raises:
        ValueError: Two branches wrote different values under one key.
    """
    clash = [key for key in left.keys() & right.keys() if left[key] != right[key]]
    if clash:
        msg = f"two branches wrote different values for {sorted(map(repr, clash))}"
        raise ValueError(msg)
    return {**left, **right}
