"""Random knapsacks, and the answer by looking at every team."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from nsed.brokers.knapsack import NO_LIMIT, Problem, Resource

__all__ = ["EveryTeam", "by_brute_force", "large_problem", "problems", "small_problem"]


def small_problem(seed: int) -> Problem:
    """Few columns, and every kind of limit, each present most of the time."""
    rng = np.random.default_rng(seed)
    experts, roles = [(5, 2), (4, 2), (3, 3), (2, 3), (6, 1), (1, 2)][rng.integers(6)]
    return _problem(rng, experts, roles, most_seats=3)


def large_problem(seed: int) -> Problem:
    """More columns than anybody could enumerate."""
    rng = np.random.default_rng(seed)
    return _problem(rng, int(rng.integers(20, 200)), 2, most_seats=8, room=2.0)


problems = st.builds(small_problem, st.integers(0, 2**32 - 1))


def _problem(  # noqa: C901 - one kind of limit after the other
    rng: np.random.Generator,
    experts: int,
    roles: int,
    *,
    most_seats: int,
    room: float = 1,
) -> Problem:
    shape = (experts, roles)

    def maybe(chance: float = 0.7) -> bool:
        return bool(rng.random() < chance)

    most = tuple(int(n) for n in rng.integers(1, most_seats + 1, roles))
    least = tuple(int(rng.integers(0, n + 1)) for n in most)
    resources = []
    for name in ("usd", "tokens"):
        if maybe():
            base = rng.integers(0, 50, shape)
            slope = rng.integers(0, 20, shape) * maybe()
            cap = int(room * rng.integers(10, 60 * sum(most)))
            resources.append(Resource(name, cap, base, slope))
    pairs = [(m, n) for n in range(experts) for m in range(n)]
    few = (
        pairs
        if len(pairs) < 30
        else [pairs[i] for i in rng.integers(0, len(pairs), 30)]
    )
    limits: dict[str, object] = {}
    if maybe():
        limits |= {
            "memory": rng.integers(0, 40, experts),
            "host": rng.integers(-1, 2, experts),
            "host_capacity": tuple(int(room * c) for c in rng.integers(10, 120, 2)),
        }
    if maybe():
        limits |= {
            "endpoint": rng.integers(0, 3, experts),
            "crowd": rng.choice([1, 2, 3, NO_LIMIT], shape),
        }
    limits["reads_others"] = maybe(0.5)
    if maybe(0.5):
        limits["shown"] = rng.choice([1, 2, 5, NO_LIMIT], shape)
    if maybe():
        limits |= {
            "family": rng.integers(0, 3, experts),
            "min_families": int(rng.integers(1, 3)),
        }
    if maybe(0.3):
        limits["pins"] = frozenset({int(rng.integers(experts))})
    if maybe():
        limits["penalty"] = {p: int(rng.integers(0, 40)) for p in few}
    if maybe():
        limits["overlap"] = rng.integers(0, 12, experts)
    if maybe(0.3):
        limits["roles_per_expert"] = 1
    if maybe():
        limits["price"] = rng.integers(0, 5, shape)
    return Problem(
        values=rng.integers(0, 8, shape) * rng.integers(1, 20),
        eligible=rng.random(shape) < 0.9,
        least=least,
        most=most,
        resources=tuple(resources),
        counted=int(rng.integers(roles)),
        **limits,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class EveryTeam:
    """The best value of all teams within the limits; None: there is none."""

    value: int | None
    price: int = 0
    """Smallest price among the best."""


def by_brute_force(problem: Problem) -> EveryTeam:  # noqa: C901, PLR0912 - a list
    """Look at every team. Written apart from the solver, limit by limit."""
    experts, roles = problem.values.shape
    bits = np.arange(2 ** (experts * roles))[:, None] >> np.arange(experts * roles)
    x = (bits & 1).reshape(-1, experts, roles)
    good = ~(x & ~problem.eligible).any(axis=(1, 2))
    seats = x.sum(axis=1)
    good &= ((seats >= problem.least) & (seats <= problem.most)).all(axis=1)
    used = x.any(axis=2)
    for pin in problem.pins:
        good &= used[:, pin]
    if problem.roles_per_expert is not None:
        good &= (x.sum(axis=2) <= problem.roles_per_expert).all(axis=1)
    others = seats[:, [problem.counted]] - x[:, :, problem.counted]
    for r in range(roles):
        reads = 0 * others if r == problem.counted else others
        if problem.reads_others and r != problem.counted:
            good &= ~((others == 0) & (x[:, :, r] > 0)).any(axis=1)
        if problem.shown is not None:
            good &= ~((reads > problem.shown[:, r]) & (x[:, :, r] > 0)).any(axis=1)
    for resource in problem.resources:
        spent = np.zeros(len(x), dtype=np.int64)
        for r in range(roles):
            reads = 0 * others if r == problem.counted else others
            each = resource.base[:, r] + resource.slope[:, r] * reads
            spent += (each * x[:, :, r]).sum(axis=1)
        good &= spent <= resource.capacity
    if problem.memory is not None and problem.host is not None:
        for h, capacity in enumerate(problem.host_capacity):
            good &= used @ (problem.memory * (problem.host == h)) <= capacity
    if problem.crowd is not None and problem.endpoint is not None:
        for m in range(experts):
            mates = problem.endpoint == problem.endpoint[m]
            at_once = x[:, mates].sum(axis=1)
            good &= ~((at_once > problem.crowd[m]) & (x[:, m] > 0)).any(axis=1)
    if problem.family is not None and problem.min_families > 1:
        present = [used[:, problem.family == f].any(axis=1) for f in range(3)]
        good &= np.sum(present, axis=0) >= problem.min_families
    value = (x * problem.values).sum(axis=(1, 2))
    proposes = x[:, :, problem.counted] > 0
    for n in range(experts):
        for m in range(n):
            lost = problem.penalty.get((m, n), 0)
            if problem.overlap is not None:
                lost += min(problem.overlap[m], problem.overlap[n])
            value = value - lost * (proposes[:, m] & proposes[:, n])
    if not good.any():
        return EveryTeam(None)
    best = int(value[good].max())
    if problem.price is None:
        return EveryTeam(best)
    paid = (x * problem.price).sum(axis=(1, 2))
    return EveryTeam(best, int(paid[good & (value == best)].min()))
