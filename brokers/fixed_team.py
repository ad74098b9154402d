"""The simplest broker: the same configured experts in every round."""

from dataclasses import dataclass

from nsed.brokers.base import BindRequest
from nsed.brokers.task_profile import profile_task
from nsed.protocol.errors import InfeasibleTeam
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
        """Bind the configured proposers and reviewers.

        Raises:
            InfeasibleTeam: All of them are banned.
        """
        config = request.config
        everybody = tuple(
            expert.name
            for expert in config.experts
            if expert.name not in config.bans and config.licence_allowed(expert.licence)
        )

        def allowed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(n for n in names or everybody if n in everybody)

        proposers = allowed(config.proposers)[: self.most_proposers]
        reviewers = allowed(config.reviewers) if self.reviewing else ()
        if not proposers:
            raise InfeasibleTeam(
                ["bans", "allowed_licences"],
                ["allow one of the proposers"],
                [],
            )
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
