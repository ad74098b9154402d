"""The knapsack in numbers: what each seat is worth and takes, and the limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_LIMIT", "Ints", "Problem", "Resource"]

Ints = NDArray[np.int64]
NO_LIMIT = 2**31
"""A crowd or a number of candidates that nothing reaches."""


@dataclass(frozen=True)
class Resource:
    """Something every seat uses up: money, tokens, calls."""

    name: str
    """Resources of one name share a cap: to raise it raises it for all of them."""
    capacity: int
    base: Ints
    """Use of a seat, shape `(experts, roles)`."""
    slope: Ints
    """Further use of a seat for every proposal it reads, same shape."""


@dataclass(frozen=True)
class Problem:
    """One choice of a team. Experts and roles are rows and columns."""

    values: Ints
    """Worth of each seat, not negative, shape `(experts, roles)`."""
    eligible: NDArray[np.bool_]
    """Whether the expert may take the role, same shape."""
    least: tuple[int, ...]
    """Fewest seats of each role."""
    most: tuple[int, ...]
    """Most seats of each role."""
    resources: tuple[Resource, ...] = ()
    memory: Ints | None = None
    """Bytes an expert occupies on its host, however many seats it takes."""
    host: Ints | None = None
    """Index into `host_capacity`; -1: none that is limited."""
    host_capacity: tuple[int, ...] = ()
    endpoint: Ints | None = None
    """Experts with one number share an endpoint."""
    crowd: Ints | None = None
    """Who takes a seat allows at most so many seats of that role at its endpoint (so
    that the phase is over in time), shape `(experts, roles)`."""
    shown: Ints | None = None
    """Who takes a seat can read at most so many proposals, same shape."""
    family: Ints | None = None
    min_families: int = 1
    """1 asks for nothing; more needs `family`."""
    pins: frozenset[int] = frozenset()
    """Experts that must take a seat."""
    overlap: Ints | None = None
    """Every two experts in the counted role cost the lesser of their overlaps, not
    negative: what the lesser of the two would have said anyway."""
    penalty: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Deducted further where both experts `m < n` are in the counted role, not
    negative."""
    roles_per_expert: int | None = None
    """Most seats of one expert; None: one in every role."""
    reads_others: bool = False
    """Whether a seat of another role needs a proposal of somebody else to read."""
    price: Ints | None = None
    """Breaks ties in value: the smaller sum wins. Shape `(experts, roles)`."""
    counted: int = 0
    """The role whose seats are the proposals that `slope` and `shown` speak of, and
    whose errors `overlap` and `penalty`. Nobody reads his own."""
