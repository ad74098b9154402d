"""Upper bounds for the knapsack's columns: seats, resources and memory are priced.

Lagrangian relaxation with subgradient steps: with prices fixed every expert decides
alone, which gives an upper bound on any team, and on any team that holds a given seat.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nsed.brokers.knapsack_problem import Problem

__all__ = ["Floats", "column_bounds"]

Floats = NDArray[np.float64]
STEPS = 400
"""Subgradient steps at the most."""
PATIENCE = 12
"""Steps without a better bound before the step length is halved."""
SHORTEST = 1e-4
"""Step length at which to stop, in shares of what a whole team may be worth."""


def column_bounds(problem: Problem) -> Floats:
    """For every seat an upper bound on the value of any team that holds it.

    Shape `(experts, roles)`; -inf where the seat is not eligible. Penalties, crowds,
    context windows and families are left out, which only raises the bound.
    """
    relaxed = _Relaxation(problem)
    prices, best, length, idle = relaxed.start(), np.inf, 1.0, 0
    kept = relaxed.at(prices)
    for _ in range(STEPS):
        found = relaxed.at(prices)
        if found.bound < best - 1e-9:
            best, kept, idle = found.bound, found, 0
        else:
            idle += 1
            if idle >= PATIENCE:
                length, idle, prices = length / 2, 0, kept.prices
                found = kept
        norm = float(found.slope @ found.slope)
        if not norm or length < SHORTEST:
            break
        step = relaxed.scale * length * found.slope / norm
        prices = relaxed.clipped(prices - step)
    return relaxed.bounds(kept)


@dataclass(frozen=True)
class _Priced:
    prices: Floats
    bound: float
    slope: Floats
    worth: Floats
    """What each expert is worth at these prices."""


class _Relaxation:
    """The problem with seats, resources and memory priced instead of limited.

    An expert who also proposes has one proposal less to read, so each expert is looked
    at twice: `alone` does not propose, `author` does.
    """

    def __init__(self, problem: Problem) -> None:
        experts, roles = problem.values.shape
        read = problem.least[problem.counted]
        self.values = np.where(problem.eligible, problem.values, -np.inf).astype(float)
        self.other = np.arange(roles) != problem.counted
        self.counted = problem.counted
        self.costs = [
            tuple(
                (x.base + x.slope * (n * self.other)) / max(1, x.capacity)
                for n in (read, max(0, read - 1))
            )
            for x in problem.resources
        ]
        self.limits = np.array([float(x.capacity > 0) for x in problem.resources])
        self.memory = np.zeros((len(problem.host_capacity), experts))
        for h, capacity in enumerate(problem.host_capacity):
            if problem.memory is not None and problem.host is not None:
                self.memory[h] = (problem.host == h) * problem.memory / max(1, capacity)
        self.least, self.most = np.array(problem.least), np.array(problem.most)
        self.roles, self.resources = roles, len(self.costs)
        self.further = (problem.roles_per_expert or roles) - 1
        """Most seats beside a first one."""
        self.pinned = np.zeros(experts, dtype=bool)
        self.pinned[list(problem.pins)] = True
        self.scale = float(problem.values.max(initial=1)) * max(1, sum(problem.least))

    def start(self) -> Floats:
        """Price a role at what its last seat would bring."""
        prices = np.zeros(self.roles + self.resources + len(self.memory))
        ranked = -np.sort(-np.where(np.isfinite(self.values), self.values, 0), axis=0)
        last = np.minimum(self.most, len(ranked)) - 1
        prices[: self.roles] = ranked[np.maximum(last, 0), np.arange(self.roles)]
        return prices

    def clipped(self, prices: Floats) -> Floats:
        """Prices of seats may have any sign (there are least and most of them)."""
        prices = prices.copy()
        prices[self.roles :] = np.maximum(prices[self.roles :], 0)
        return prices

    def at(self, prices: Floats) -> _Priced:
        """The bound at some prices, and how it changes with them."""
        of_roles, of_resources, of_memory = self._split(prices)
        alone, author = self._reduced(of_roles, of_resources)
        gain_alone = self._best(np.maximum(alone, 0) * self.other, self.further + 1)
        gain_author = self._best(np.maximum(author, 0) * self.other, self.further)
        as_author = author[:, self.counted] + gain_author.sum(axis=1)
        writes = as_author > gain_alone.sum(axis=1)
        gain = np.where(writes[:, None], gain_author, gain_alone)
        rent = of_memory @ self.memory
        worth = np.where(writes, as_author, gain_alone.sum(axis=1)) - rent
        sits = (worth > 0) | self.pinned
        taken = (gain > 0) & sits[:, None]
        taken[:, self.counted] = writes & sits
        wanted = np.where(of_roles > 0, self.most, self.least)
        used = [
            float((np.where(writes[:, None], fewer, all_) * taken).sum())
            for all_, fewer in self.costs
        ]
        slope = np.concatenate(
            [
                wanted - taken.sum(axis=0),
                self.limits - np.array(used),
                1 - self.memory @ sits,
            ]
        )
        bound = (
            float(worth[sits].sum())
            + float(of_roles @ wanted)
            + float(of_resources @ self.limits)
            + float(of_memory.sum())
        )
        return _Priced(prices, bound, slope, worth)

    def bounds(self, at: _Priced) -> Floats:
        """Force every seat in turn and see what the bound becomes."""
        of_roles, of_resources, of_memory = self._split(at.prices)
        alone, author = self._reduced(of_roles, of_resources)
        first = author[:, [self.counted]]
        forced = np.maximum(
            self._forced(alone, self.further),
            first + self._forced(author, self.further - 1),
        )
        own = self._best(np.maximum(author, 0) * self.other, self.further).sum(axis=1)
        forced[:, self.counted] = first[:, 0] + own
        sits = np.where(self.pinned, at.worth, np.maximum(at.worth, 0))
        rent = of_memory @ self.memory
        return at.bound - sits[:, None] + forced - rent[:, None]

    def _split(self, prices: Floats) -> tuple[Floats, Floats, Floats]:
        cuts = (self.roles, self.roles + self.resources)
        of_roles, of_resources, of_memory = np.split(prices, cuts)
        return of_roles, of_resources, of_memory

    def _reduced(self, of_roles: Floats, of_resources: Floats) -> tuple[Floats, Floats]:
        alone = self.values - of_roles
        author = alone
        for price, (all_, fewer) in zip(of_resources, self.costs, strict=True):
            if price:
                alone, author = alone - price * all_, author - price * fewer
        return alone, author

    def _best(self, gain: Floats, seats: int) -> Floats:
        """Keep the best so many of every row."""
        if seats >= self.roles - 1:
            return gain
        if seats <= 0:
            return np.zeros_like(gain)
        cut = np.partition(gain, -seats, axis=1)[:, [-seats]]
        return np.where(gain >= cut, gain, 0)

    def _forced(self, reduced: Floats, further: int) -> Floats:
        """A seat, and the best so many others of the same expert (an upper bound)."""
        if further < 0:
            return np.full_like(reduced, -np.inf)
        gain = np.maximum(reduced, 0) * self.other
        if further >= self.roles - 2:
            others = gain.sum(axis=1)[:, None] - gain
        else:
            others = -np.sort(-gain, axis=1)[:, :further].sum(axis=1)[:, None]
        forced: Floats = reduced + others
        return forced
