"""The knapsack split by the number of proposals: with it fixed all is linear."""

from dataclasses import replace

import numpy as np

from nsed.brokers.column_bounds import column_bounds
from nsed.brokers.knapsack_problem import Problem

__all__ = ["highest_value", "split_by_proposals"]

PRICED = 60
"""Above so many columns bounds are found by pricing, too."""


def split_by_proposals(problem: Problem) -> list[Problem]:
    """Split where reading costs: with the number of proposals fixed, all is linear."""
    c = problem.counted
    most = min(problem.most[c], int(problem.eligible[:, c].sum()))
    if not any(x.slope.any() for x in problem.resources) or problem.least[c] >= most:
        return [problem]

    def fixed(limits: tuple[int, ...], n: int) -> tuple[int, ...]:
        return (*limits[:c], n, *limits[c + 1 :])

    split = [
        replace(problem, least=fixed(problem.least, n), most=fixed(problem.most, n))
        for n in range(most, problem.least[c] - 1, -1)
    ]
    return [one for one in split if _affordable(one)] or split[-1:]


def highest_value(problem: Problem) -> int:
    """No team is worth more: the best seats of each role, and the least overlaps.

    For problems with the number of proposals fixed; larger ones are priced, too.
    """
    c, total = problem.counted, 0
    for r, most in enumerate(problem.most):
        column = np.sort(problem.values[problem.eligible[:, r], r])[::-1]
        total += int(column[:most].clip(min=0).sum())
    if int(problem.eligible.sum()) > PRICED:
        total = min(total, int(column_bounds(problem).max()) + 1)
    if problem.overlap is None:
        return total
    lesser = np.sort(problem.overlap[problem.eligible[:, c]])[: problem.least[c]]
    return total - int((lesser * np.arange(len(lesser))[::-1]).sum())


def _affordable(problem: Problem) -> bool:
    """Whether the cheapest seats of each role fit, each role by itself cheapest."""
    c, read = problem.counted, problem.least[problem.counted]
    for resource in problem.resources:
        least = 0
        for r, seats in enumerate(problem.least):
            fewer = 0 if r == c else max(0, read - 1)
            cost = resource.base[:, r] + resource.slope[:, r] * fewer
            least += int(np.sort(cost[problem.eligible[:, r]])[:seats].sum())
        if least > resource.capacity:
            return False
    return True
