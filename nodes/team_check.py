"""What a broker may return: checked, because brokers can be anybody's."""

from nsed.brokers.base import BindRequest
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.team import Team

__all__ = ["require_team"]


def require_team(found: object, request: BindRequest, broker: object) -> Team:
    """Return the team, if it is one that can play the round.

    Raises:
        ConfigError: It is not: what was found, and what was wanted.
    """
    who = f"broker {type(broker).__name__}"
    if not isinstance(found, Team):
        raise ConfigError(f"{who}: bind should return a Team, found {found!r:.80}")
    if found.round != request.round:
        raise ConfigError(
            f"{who}: the team is for round {found.round}, asked was {request.round}; "
            "pass round=request.round"
        )
    pool = [expert.name for expert in request.config.experts]
    for seat in found.seats:
        if seat.expert not in pool:
            hint = did_you_mean(seat.expert, pool)
            raise ConfigError(f"{who}: no expert is named {seat.expert!r}.{hint}")
    if len(set(found.seats)) < len(found.seats):
        twice = next(s for s in found.seats if found.seats.count(s) > 1)
        raise ConfigError(f"{who}: {twice.expert} is {twice.role} twice")
    if not found.in_role("proposer"):
        raise ConfigError(f"{who}: the team has no proposer; it needs at least one")
    return found
