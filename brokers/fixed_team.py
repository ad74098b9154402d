"""The simplest broker: the same configured experts in every round."""

from dataclasses import dataclass

from nsed.brokers.base import BindRequest
from nsed.state.records import Seat, Team

__all__ = ["FixedTeam"]


@dataclass(frozen=True)
class FixedTeam:
    """Seats whoever the config names for a role, or everybody."""

    async def bind(self, request: BindRequest) -> Team:
        """Bind the configured proposers and reviewers."""
        config = request.config
        everybody = tuple(expert.name for expert in config.experts)
        return Team(
            round=request.round,
            broker="FixedTeam",
            seats=(
                *(Seat(expert=n, role="proposer") for n in config.proposers or everybody),
                *(Seat(expert=n, role="reviewer") for n in config.reviewers or everybody),
            ),
        )
