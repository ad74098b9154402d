"""The `Broker` seam: who takes which seat in the coming round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from nsed.brokers.seat_cost import PromptTokens
from nsed.brokers.telemetry import Telemetry
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
    now: float = 0.0
    """Unix seconds."""
    telemetry: Telemetry = field(default_factory=Telemetry)
    """What was seen of the experts, in this run and in earlier ones."""
    prompts: Mapping[str, PromptTokens] = field(default_factory=dict)
    """Measured prompts, by expert; empty: they are guessed from the task."""
    worst_calls: Mapping[str, Usage] = field(default_factory=dict)
    """Worst case of each expert's next answer, as the ledger counts it."""
    unreachable: Mapping[str, str] = field(default_factory=dict)
    """Experts whose endpoint was just found gone, and the cause."""
    short: tuple[str, ...] = ()
    """Members of the last team whom the rest of the budget does not carry."""
    thorough: bool = False
    """Whether to work out, for everybody left out, what would let him in."""


class Broker(Protocol):
    """Chooses a team out of a pool."""

    async def bind(self, request: BindRequest) -> Team:
        """Return the seats of a round; only experts of the pool, each seat once.

        Raises:
            InfeasibleTeam: No team keeps all limits.
        """
        ...
