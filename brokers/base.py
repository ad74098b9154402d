"""The `Broker` seam: who takes which seat in the coming round."""

from dataclasses import dataclass
from typing import Protocol

from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.records import Absence
from nsed.state.team import Team

__all__ = ["BindRequest", "Broker"]


@dataclass(frozen=True, slots=True)
class BindRequest:
    """What a broker may look at."""

    task: str
    config: DeliberationConfig
    round: int
    """1-based; the round to bind."""
    spent: Usage
    """What the run has used so far."""
    incumbent_team: Team | None
    """Who was bound last."""
    absences: tuple[Absence, ...]
    """Of the run so far."""


class Broker(Protocol):
    """Chooses a team out of a pool."""

    async def bind(self, request: BindRequest) -> Team:
        """Return the seats of a round; only experts of the pool, each seat once."""
        ...
