"""The simplest broker: the same configured experts in every round."""

from dataclasses import dataclass

from nsed.brokers.base import BindRequest
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
            broker="FixedTeam",
            seats=(
                *(Seat(expert=name, role="proposer") for name in proposers),
                *(Seat(expert=name, role="reviewer") for name in reviewers),
            ),
        )
