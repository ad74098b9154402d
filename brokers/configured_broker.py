"""The broker that the configuration names."""

from dataclasses import dataclass, field

from nsed.brokers.base import BindRequest, Broker
from nsed.brokers.fixed_team import FixedTeam
from nsed.brokers.greedy_roles import GreedyRoles
from nsed.brokers.knapsack_team import KnapsackTeam
from nsed.state.team import Team

__all__ = ["ConfiguredBroker"]


def _named() -> dict[str, Broker]:
    return {"fixed": FixedTeam(), "greedy": GreedyRoles(), "knapsack": KnapsackTeam()}


@dataclass(frozen=True)
class ConfiguredBroker:
    """Hands each request to the broker that `config.broker` names."""

    named: dict[str, Broker] = field(default_factory=_named)

    async def bind(self, request: BindRequest) -> Team:
        """Bind as the configured broker does."""
        return await self.named[request.config.broker].bind(request)
