"""The simplest broker: the same configured experts in every round."""

from dataclasses import dataclass

from nsed.brokers.base import BindRequest
from nsed.brokers.task_profile import profile_task
from nsed.state.team import Seat, Team

__all__ = ["FixedTeam"]


@dataclass(frozen=True)
class FixedTeam:
    """Seats whoever the config names for a role, or everybody."""

    most_proposers: int | None = None
    """Seat only the first so many proposers."""
    reviewing: bool = True
    """Whether to seat reviewers at all; the baselines do not."""

    async def bind(self, request: BindRequest) -> Team:
        """Bind the configured proposers and reviewers."""
        config = request.config
        everybody = tuple(expert.name for expert in config.experts)
        proposers = (config.proposers or everybody)[: self.most_proposers]
        reviewers = (config.reviewers or everybody) if self.reviewing else ()
        return Team(
            round=request.round,
            started_at=request.now,
            broker="FixedTeam",
            bound="first round" if request.round == 1 else "kept",
            profile=profile_task(request.task, config),
            unreachable=dict(request.unreachable),
            seats=(
                *(Seat(expert=name, role="proposer") for name in proposers),
                *(Seat(expert=name, role="reviewer") for name in reviewers),
            ),
        )
