"""Large knapsacks: bound every column, keep the core, prove that it is enough.

A seat whose bound is below a team already found can never be part of a better one: it
is dropped, exactly. What is left is small. The idea is Balas and Zemel's core
(Operations Research 28, 1980).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nsed.brokers.column_bounds import Floats, column_bounds
from nsed.brokers.knapsack import Problem, Solution
from nsed.brokers.knapsack_model import best_seats

__all__ = ["solve_by_core"]

CORE = (96, 320, 1000)
"""Columns of the first core, and of the next ones should it hold no team."""
ROOM = 1e-3
"""For the rounding of floating-point bounds."""
FIRST_LOOK = 0.25
"""Share of the effort for the core alone."""


def solve_by_core(
    problem: Problem, *, effort: float, at_least: int | None = None
) -> Solution:
    """Solve a problem of many columns; rows in canonical order.

    Args:
        problem: With the number of proposals fixed where reading costs.
        effort: Most work, in deterministic time.
        at_least: A value known to be reached; teams below it do not matter.
    """
    if not problem.eligible.any():
        return best_seats(problem, effort=effort)
    bounds = column_bounds(problem)
    top = int(np.floor(bounds.max() + ROOM))
    if at_least is not None and top < at_least:
        return Solution("infeasible")
    first, core = Solution("infeasible"), _seats(problem.eligible)
    for size in CORE:
        core = _best_columns(problem, bounds, size)
        first = best_seats(problem, effort=FIRST_LOOK * effort, columns=core)
        if first.found:
            break
    else:
        return best_seats(problem, effort=effort, at_least=at_least)
    # A column that cannot even tie with the team found is of no use, even for ties.
    reached = first.value if at_least is None else max(first.value, at_least)
    left = _seats(bounds >= reached - ROOM)
    if first.status == "optimal" and set(left) <= set(core):
        return first
    better = best_seats(
        problem, effort=effort, columns=left, hint=first.seats, at_least=reached
    )
    if better.status in ("optimal", "infeasible"):
        return better  # infeasible: nothing comes up to `at_least`
    best = max((first, better), key=lambda s: s.value if s.found else -np.inf)
    bound = min(top, better.bound)
    return replace(best, status="feasible", bound=max(best.value, bound))


def _best_columns(problem: Problem, bounds: Floats, size: int) -> list[tuple[int, int]]:
    """The columns with the highest bounds: so many in all, and some for every role."""
    chosen = np.zeros(bounds.shape, dtype=bool)
    each = max(4, size // max(1, bounds.shape[1]))
    for r in range(bounds.shape[1]):
        need = max(each, problem.least[r] * 4)
        chosen[np.argsort(-bounds[:, r], kind="stable")[:need], r] = True
    pins = list(problem.pins)
    chosen[pins] = problem.eligible[pins]
    return _seats(chosen & problem.eligible)


def _seats(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    rows, columns = np.nonzero(mask)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))
