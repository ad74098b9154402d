"""The broker's knapsack: which expert takes which seat. Numbers in, numbers out.

    max  Σ value[m,r]·x[m,r] - Σ penalty[m,n]·u[m]·u[n]       u[m] = max_r x[m,r]

subject to seats per role, money (and tokens, calls) of the whole deliberation, memory
once a host, crowds at an endpoint, context windows, families, pins. Exact integers
throughout. Idea [paper], model [ours]; docs/decisions/0013.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NO_LIMIT",
    "Ints",
    "Problem",
    "Resource",
    "Solution",
    "Use",
    "fits",
    "solve",
    "use_of",
    "value_of",
]

Ints = NDArray[np.int64]
Seats = tuple[tuple[int, int], ...]
NO_LIMIT = 2**31
"""A crowd or a number of candidates that nothing reaches."""
EFFORT = 10.0
"""Most work for one problem, in the solver's deterministic time (about seconds)."""
SMALL = 260
"""Problems with at most so many columns are solved whole."""


@dataclass(frozen=True)
class Resource:
    """Something every seat uses up: money, tokens, calls."""

    name: str
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
    pins: frozenset[int] = frozenset()
    """Experts that must take a seat."""
    penalty: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """Deducted where both experts `m < n` sit, not negative."""
    roles_per_expert: int | None = None
    """Most seats of one expert; None: one in every role."""
    price: Ints | None = None
    """Breaks ties in value: the smaller sum wins. Shape `(experts, roles)`."""
    counted: int = 0
    """The role whose seats are the proposals that `slope` and `shown` speak of. Nobody
    reads his own."""


@dataclass(frozen=True)
class Solution:
    """The best team found, with a proof or a bound."""

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    """`unknown`: neither a team nor a proof that there is none, within the effort."""
    seats: Seats = ()
    """`(expert, role)`, sorted."""
    value: int = 0
    """Objective: values less penalties."""
    bound: int = 0
    """No team is worth more."""

    @property
    def found(self) -> bool:
        """Whether there is a team; it may be empty where no seat must be taken."""
        return self.status in ("optimal", "feasible")

    @property
    def gap(self) -> float:
        """(bound - value) / bound; 0 when optimal."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


@dataclass(frozen=True)
class Use:
    """How much of each limit some seats use."""

    seats: tuple[int, ...]
    resources: tuple[int, ...]
    hosts: tuple[int, ...]
    families: int
    crowded: bool
    """Whether some endpoint is too crowded for a seat at it."""
    overfull: bool
    """Whether some seat reads more proposals than fit its context window."""


def solve(problem: Problem, *, effort: float = EFFORT) -> Solution:
    """Choose the best team; the same answer for the same numbers, in any row order.

    Equal values go to the lower price, then to the first in an order made of the
    rows' own numbers, never of their positions.

    Args:
        problem: What to choose from, and the limits.
        effort: Most work, in the solver's deterministic time. Where it does not do
            for a proof, the best team found comes with a bound.
    """
    order = _canonical_order(problem)
    ranked = _rows(problem, order)
    found = _everybody(ranked) or _solve_ranked(ranked, effort)
    seats = sorted((int(order[m]), r) for m, r in found.seats)
    return replace(found, seats=tuple(seats))


def value_of(problem: Problem, seats: Iterable[tuple[int, int]]) -> int:
    """Objective of some seats: values less penalties."""
    chosen = list(seats)
    used = {m for m, _ in chosen}
    both = (p for (m, n), p in problem.penalty.items() if m in used and n in used)
    return int(sum(problem.values[m, r] for m, r in chosen)) - sum(both)


def use_of(problem: Problem, seats: Iterable[tuple[int, int]]) -> Use:
    """Add up what some seats use."""
    taken = np.zeros(problem.values.shape, dtype=np.int64)
    for m, r in seats:
        taken[m, r] = 1
    used = taken.any(axis=1)
    own = taken[:, problem.counted]
    read = np.where(taken > 0, taken[:, problem.counted].sum() - own[:, None], 0)
    read[:, problem.counted] = 0
    crowded = False
    if problem.crowd is not None and problem.endpoint is not None:
        for place in np.unique(problem.endpoint[used]):
            here = problem.endpoint == place
            at_once = taken[here].sum(axis=0)
            allowed = np.where(taken[here] > 0, problem.crowd[here], NO_LIMIT)
            crowded |= bool((at_once > allowed.min(axis=0)).any())
    memory, host, family = problem.memory, problem.host, problem.family
    return Use(
        seats=tuple(int(n) for n in taken.sum(axis=0)),
        resources=tuple(
            int((taken * (x.base + x.slope * read)).sum()) for x in problem.resources
        ),
        hosts=tuple(
            0
            if memory is None or host is None
            else int(memory[used & (host == h)].sum())
            for h in range(len(problem.host_capacity))
        ),
        families=0 if family is None else len(np.unique(family[used])),
        crowded=crowded,
        overfull=problem.shown is not None and bool((read > problem.shown).any()),
    )


def fits(problem: Problem, seats: Iterable[tuple[int, int]]) -> bool:
    """Whether some seats keep every limit."""
    chosen = list(seats)
    use = use_of(problem, chosen)
    sitting = {m for m, _ in chosen}
    per_expert = problem.roles_per_expert or problem.values.shape[1]
    return (
        all(problem.eligible[m, r] for m, r in chosen)
        and all(
            a <= n <= b
            for a, n, b in zip(problem.least, use.seats, problem.most, strict=True)
        )
        and all(
            n <= x.capacity
            for n, x in zip(use.resources, problem.resources, strict=True)
        )
        and all(n <= c for n, c in zip(use.hosts, problem.host_capacity, strict=True))
        and not (use.crowded or use.overfull)
        and (problem.family is None or use.families >= problem.min_families)
        and problem.pins <= sitting
        and all(sum(m == n for n, _ in chosen) <= per_expert for m in sitting)
    )


def _everybody(problem: Problem) -> Solution | None:
    """Everybody in every role he may take, where that keeps all limits.

    Then it is the best: nobody's seats are worth less than he costs in penalties.
    """
    rows, columns = np.nonzero(problem.eligible)
    seats = tuple(zip(rows.tolist(), columns.tolist(), strict=True))
    worth = np.where(problem.eligible, problem.values, 0).max(axis=1)
    owed = np.zeros(len(worth), dtype=np.int64)
    for (m, n), lost in problem.penalty.items():
        owed[m] += lost
        owed[n] += lost
    willing = problem.eligible.any(axis=1)
    if (problem.values[problem.eligible] <= 0).any() or (owed >= worth)[willing].any():
        return None
    if not seats or not fits(problem, seats):
        return None
    value = value_of(problem, seats)
    return Solution("optimal", seats, value, value)


def _solve_ranked(problem: Problem, effort: float) -> Solution:
    from nsed.brokers.core_problem import solve_by_core  # noqa: PLC0415 - 0.4 s
    from nsed.brokers.knapsack_model import best_seats  # noqa: PLC0415 - as above

    find = solve_by_core
    if int(problem.eligible.sum()) <= SMALL:
        find = best_seats
    sizes = _by_number_of_proposals(problem)
    best, tried = Solution("infeasible"), []
    for one in sizes:
        known = best.value if best.found else None
        tried.append(find(one, effort=effort / len(sizes), at_least=known))
        best = max(best, tried[-1], key=lambda found: _rank(problem, found))
    open_ = [found for found in tried if found.status in ("feasible", "unknown")]
    bound = max((found.bound for found in open_), default=best.value)
    if not best.found:
        return Solution("unknown", bound=bound) if open_ else best
    if bound <= best.value:
        return replace(best, status="optimal", bound=best.value)
    return replace(best, status="feasible", bound=bound)


def _by_number_of_proposals(problem: Problem) -> list[Problem]:
    """Split where reading costs: with the number of proposals fixed, all is linear."""
    c = problem.counted
    most = min(problem.most[c], int(problem.eligible[:, c].sum()))
    if not any(x.slope.any() for x in problem.resources) or problem.least[c] >= most:
        return [problem]

    def fixed(limits: tuple[int, ...], n: int) -> tuple[int, ...]:
        return (*limits[:c], n, *limits[c + 1 :])

    return [
        replace(problem, least=fixed(problem.least, n), most=fixed(problem.most, n))
        for n in range(most, problem.least[c] - 1, -1)
    ]


def _rank(problem: Problem, found: Solution) -> tuple[float, int]:
    """Value, then the lower price."""
    if not found.found:
        return (-inf, 0)
    price = problem.price
    paid = 0 if price is None else sum(int(price[s]) for s in found.seats)
    return (found.value, -paid)


def _canonical_order(problem: Problem) -> NDArray[np.intp]:
    """Rows by their own numbers, best first, so that positions decide nothing."""
    experts = len(problem.values)
    owed = np.zeros((experts, 2), dtype=np.int64)
    for (m, n), lost in problem.penalty.items():
        for i in (m, n):
            owed[i] = (owed[i, 0] + lost, max(owed[i, 1], lost))
    pinned = np.zeros(experts, dtype=np.int64)
    pinned[list(problem.pins)] = 1
    parts = [-problem.values, ~problem.eligible, pinned, owed]
    for resource in problem.resources:
        parts += [resource.base, resource.slope]
    parts += [
        part
        for part in (
            problem.price,
            problem.memory,
            problem.host,
            problem.endpoint,
            problem.crowd,
            problem.shown,
            problem.family,
        )
        if part is not None
    ]
    table = np.column_stack(
        [np.asarray(p, np.int64).reshape(experts, -1) for p in parts]
    )
    return np.lexsort(table.T[::-1])


def _rows(problem: Problem, order: NDArray[np.intp]) -> Problem:
    """The same problem over some rows, in an order."""

    def of(part: Ints | None) -> Ints | None:
        return None if part is None else part[order]

    place = {int(old): new for new, old in enumerate(order)}
    penalty = {
        (min(place[m], place[n]), max(place[m], place[n])): lost
        for (m, n), lost in problem.penalty.items()
        if m in place and n in place and lost
    }
    return replace(
        problem,
        values=problem.values[order],
        eligible=problem.eligible[order],
        resources=tuple(
            replace(x, base=x.base[order], slope=x.slope[order])
            for x in problem.resources
        ),
        memory=of(problem.memory),
        host=of(problem.host),
        endpoint=of(problem.endpoint),
        crowd=of(problem.crowd),
        shown=of(problem.shown),
        family=of(problem.family),
        price=of(problem.price),
        pins=frozenset(place[m] for m in problem.pins),
        penalty=dict(sorted(penalty.items())),
    )
