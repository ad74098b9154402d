"""What some seats use of each limit, and whether they keep them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nsed.brokers.knapsack_problem import NO_LIMIT, Problem

__all__ = ["Use", "fits", "pair_loss", "use_of", "value_of"]


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
    idle: bool
    """Whether some seat that reads has nothing to read."""


def value_of(problem: Problem, seats: Iterable[tuple[int, int]]) -> int:
    """Objective of some seats: values less overlaps and penalties."""
    chosen = list(seats)
    counted = sorted(m for m, r in chosen if r == problem.counted)
    lost = sum(pair_loss(problem, m, n) for m, n in combinations(counted, 2))
    return int(sum(problem.values[m, r] for m, r in chosen)) - lost


def pair_loss(problem: Problem, m: int, n: int) -> int:
    """What two experts `m < n` in the counted role cost together."""
    overlap = problem.overlap
    shared = 0 if overlap is None else int(min(overlap[m], overlap[n]))
    return shared + problem.penalty.get((m, n), 0)


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
        idle=bool(((taken > 0) & (read == 0)).any(axis=0)[_others(problem)].any()),
        overfull=problem.shown is not None and bool((read > problem.shown).any()),
    )


def _others(problem: Problem) -> list[int]:
    """The roles that read."""
    return [r for r in range(problem.values.shape[1]) if r != problem.counted]


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
        and not (use.crowded or use.overfull or (problem.reads_others and use.idle))
        and (problem.min_families <= 1 or use.families >= problem.min_families)
        and problem.pins <= sitting
        and all(sum(m == n for n, _ in chosen) <= per_expert for m in sitting)
    )
