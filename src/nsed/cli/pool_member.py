"""One expert of the pool: as configured, as known, and as it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from nsed.cli.known import Known
from nsed.cli.standing import Standing
from nsed.protocol.usage import Usage, total_usage
from nsed.state.expert_config import ExpertConfig

__all__ = ["Member", "probes_usage"]


@dataclass(frozen=True, kw_only=True)
class Member:
    """One expert of the pool."""

    config: ExpertConfig
    known: Known
    standing: Standing | None
    """None: it was not probed."""


def probes_usage(members: Iterable[Member]) -> Usage:
    """What all probes cost together."""
    return total_usage(m.standing.usage for m in members if m.standing is not None)
