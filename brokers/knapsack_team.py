"""The Dynamic Expertise Broker: the best team within the limits, proven and explained.

Idea [paper]; the program, beliefs and re-binding [ours].
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from nsed.brokers.base import BindRequest
from nsed.brokers.planning import plan
from nsed.brokers.rebinding import kept, why_bound
from nsed.brokers.receipt import receipt_of
from nsed.brokers.task_profile import Profiler, profile_task
from nsed.brokers.team_problem import ROLES, TeamProblem
from nsed.state.team import Seat, Team

__all__ = ["KnapsackTeam", "seats_of"]


@dataclass(frozen=True)
class KnapsackTeam:
    """Solves the knapsack in round 1, and again when the team cannot go on."""

    profile: Profiler = profile_task
    """Judges the task; replace it by your own."""
    effort: float = 3.0
    """Most work for a choice, in the solver's deterministic time (about seconds)."""

    async def bind(self, request: BindRequest) -> Team:
        """Keep the team if it can go on; else choose the best there is.

        Raises:
            InfeasibleTeam: No team keeps all limits.
        """
        if (team := kept(request)) is not None:
            return team
        return await asyncio.to_thread(self.choose, request)

    def choose(self, request: BindRequest) -> Team:
        """Choose a team now, whoever was bound before. Blocks while it solves."""
        profile = self.profile(request.task, request.config)
        posed, found = plan(request, profile, effort=self.effort)
        return Team(
            round=request.round,
            started_at=request.now,
            broker="KnapsackTeam",
            seats=seats_of(posed, found.seats),
            bound=why_bound(request),
            profile=profile,
            unreachable=dict(request.unreachable),
            receipt=receipt_of(posed, found),
        )


def seats_of(posed: TeamProblem, seats: Iterable[tuple[int, int]]) -> tuple[Seat, ...]:
    """Rows and columns as seats: proposers first, in the pool's order."""
    return tuple(
        Seat(expert=posed.listings[m].name, role=ROLES[r])
        for r, m in sorted((r, m) for m, r in seats)
    )
