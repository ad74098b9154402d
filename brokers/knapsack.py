"""The broker's knapsack: which expert takes which seat. Numbers in, numbers out.

    max  Σ value[m,r]·x[m,r] - Σ loss[m,n]·x[m,p]·x[n,p]      p: the proposers

subject to seats per role, money (and tokens, calls) of the whole deliberation, memory
once a host, crowds at an endpoint, context windows, families, pins. Exact integers
throughout. Idea [paper], model [ours]; docs/decisions/0013.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nsed.brokers.knapsack_problem import NO_LIMIT, Ints, Problem, Resource
from nsed.brokers.knapsack_split import highest_value, split_by_proposals
from nsed.brokers.limit_use import Use, fits, use_of, value_of

__all__ = [
    "NO_LIMIT",
    "Ints",
    "Problem",
    "Resource",
    "Solution",
    "Use",
    "fits",
    "solve",
    "split_by_proposals",
    "use_of",
    "value_of",
]

Seats = tuple[tuple[int, int], ...]
EFFORT = 10.0
"""Most work for one problem, in the solver's deterministic time (about seconds)."""
UNBOUNDED = 2**62
"""More than any team is worth."""
SHARES = 4
"""Of the effort that is left, one in so many goes to the next number of proposals."""
SMALL = 260
"""Problems with at most so many columns are solved whole."""


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


def _everybody(problem: Problem) -> Solution | None:
    """Everybody in every role he may take, where that keeps all limits.

    Then it is the best: no seat is worth less than it costs with all the others.
    """
    rows, columns = np.nonzero(problem.eligible)
    seats = tuple(zip(rows.tolist(), columns.tolist(), strict=True))
    c = problem.counted
    owed = np.zeros(len(problem.values), dtype=np.int64)
    if problem.overlap is not None:
        shares = np.where(problem.eligible[:, c], problem.overlap, 0)
        owed += np.minimum(shares[:, None], shares).sum(axis=1) - shares
    for (m, n), lost in problem.penalty.items():
        owed[[m, n]] += lost
    gained = np.where(problem.eligible, problem.values, 1)
    gained[:, c] -= np.where(problem.eligible[:, c], owed, 0)
    if (gained <= 0).any():
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
    parts = split_by_proposals(problem)
    alone = len(parts) == 1  # then a bound excludes nothing, and costs as much again
    sizes = [(UNBOUNDED if alone else highest_value(one), one) for one in parts]
    sizes.sort(key=lambda size: -size[0])
    best, tried, left = Solution("infeasible"), [], effort
    for at_most, one in sizes:
        known = best.value if best.found else None
        if known is not None and at_most < known:
            break  # nor can any of those that follow
        share = left if len(sizes) == 1 else left / SHARES
        left -= share
        found = find(one, effort=share, at_least=known)
        tried.append(replace(found, bound=min(found.bound, at_most)))
        best = max(best, tried[-1], key=lambda found: _rank(problem, found))
    open_ = [found for found in tried if found.status in ("feasible", "unknown")]
    bound = max((found.bound for found in open_), default=best.value)
    if not best.found:
        return Solution("unknown", bound=bound) if open_ else best
    if bound <= best.value:
        return replace(best, status="optimal", bound=best.value)
    return replace(best, status="feasible", bound=bound)


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
            problem.overlap,
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
        overlap=of(problem.overlap),
        pins=frozenset(place[m] for m in problem.pins),
        penalty=dict(sorted(penalty.items())),
    )
