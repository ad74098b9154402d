"""The baseline "one model": the first proposer answers once, alone."""

from nsed.brokers.base import Broker
from nsed.brokers.fixed_team import FixedTeam
from nsed.graphs.deliberation import Deliberation
from nsed.graphs.majority_vote import create_majority_vote
from nsed.models.call_log import CallLog
from nsed.nodes.hiring import Hiring
from nsed.state.context import DeliberationConfig

__all__ = ["create_single_expert"]


def create_single_expert(
    *,
    hire: Hiring | None = None,
    broker: Broker | None = None,
    calls: CallLog | None = None,
    config: DeliberationConfig | None = None,
) -> Deliberation:
    """Wire the baseline: a majority of one; uncompiled."""
    alone = broker or FixedTeam(most_proposers=1, reviewing=False)
    return create_majority_vote(hire=hire, broker=alone, calls=calls, config=config)
