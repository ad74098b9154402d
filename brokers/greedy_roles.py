"""The baseline: fill role after role, best expert first, while the limits hold.

That roles are filled greedily is what the authors' scheduler does [authors]; ranks,
ties and limits are the knapsack's, so that only the choosing differs [ours].
"""

import asyncio
from dataclasses import dataclass

from nsed.brokers.base import BindRequest
from nsed.brokers.knapsack import Problem, fits, use_of
from nsed.brokers.knapsack_team import seats_of
from nsed.brokers.rebinding import kept, why_bound
from nsed.brokers.task_profile import Profiler, profile_task
from nsed.brokers.team_problem import pose
from nsed.protocol.errors import InfeasibleTeam
from nsed.state.team import Team

__all__ = ["GreedyRoles", "fill_greedily"]

Seats = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class GreedyRoles:
    """Takes the best expert that still fits, role by role; never looks back."""

    profile: Profiler = profile_task

    async def bind(self, request: BindRequest) -> Team:
        """Keep the team if it can go on; else fill the roles anew.

        Raises:
            InfeasibleTeam: It found no team, which does not mean that there is none.
        """
        if (team := kept(request)) is not None:
            return team
        return await asyncio.to_thread(self.choose, request)

    def choose(self, request: BindRequest) -> Team:
        """Fill the roles for as many rounds as the limits carry."""
        profile = self.profile(request.task, request.config)
        for rounds in range(request.config.rounds - request.round + 1, 0, -1):
            posed = pose(request, profile, rounds=rounds)
            seats = fill_greedily(posed.problem)
            if seats:
                return Team(
                    round=request.round,
                    started_at=request.now,
                    broker="GreedyRoles",
                    seats=seats_of(posed, seats),
                    bound=why_bound(request),
                    profile=profile,
                    unreachable=dict(request.unreachable),
                )
        raise InfeasibleTeam(
            ["greedy role filling"],
            ['set broker = "knapsack": it finds a team, or says which limits clash'],
            [],
        )


def fill_greedily(problem: Problem) -> Seats | None:
    """Seats in the order of their value; None where that keeps not all limits.

    First every role gets its fewest seats, pinned experts before others; then roles
    are filled up. Ties go to the lower price, then to the earlier row.
    """
    seats: list[tuple[int, int]] = []
    for target in (problem.least, problem.most):
        for r, wanted in enumerate(target):
            for m in _ranked(problem, r):
                if sum(role == r for _, role in seats) >= wanted:
                    break
                if (m, r) not in seats and _has_room(problem, [*seats, (m, r)]):
                    seats.append((m, r))
    return tuple(seats) if fits(problem, seats) else None


def _ranked(problem: Problem, r: int) -> list[int]:
    def rank(m: int) -> tuple[bool, int, int, int]:
        price = 0 if problem.price is None else int(problem.price[m, r])
        return (m not in problem.pins, -int(problem.values[m, r]), price, m)

    return sorted(
        (m for m in range(len(problem.values)) if problem.eligible[m, r]), key=rank
    )


def _has_room(problem: Problem, seats: list[tuple[int, int]]) -> bool:
    """Whether some seats keep every upper limit."""
    use = use_of(problem, seats)
    capacities = [x.capacity for x in problem.resources]
    return (
        all(a <= b for a, b in zip(use.resources, capacities, strict=True))
        and all(a <= b for a, b in zip(use.hosts, problem.host_capacity, strict=True))
        and not (use.crowded or use.overfull)
        and not (problem.reads_others and use.idle)
    )
