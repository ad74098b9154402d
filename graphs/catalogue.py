"""All graphs by name."""

from nsed.brokers.base import Broker
from nsed.graphs.deliberation import Deliberation, create_deliberation
from nsed.graphs.majority_vote import create_majority_vote
from nsed.graphs.single_expert import create_single_expert
from nsed.models.call_log import CallLog
from nsed.models.hire import Hire
from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["GRAPHS", "create_graph"]

GRAPHS = {
    "deliberation": create_deliberation,
    "single_expert": create_single_expert,
    "majority_vote": create_majority_vote,
}


def create_graph(
    name: str,
    *,
    hire: Hiring | None = None,
    broker: Broker | None = None,
    calls: CallLog | None = None,
) -> Deliberation:
    """Create a graph by name; ConfigError if there is none."""
    if name not in GRAPHS:
        raise ConfigError(
            f"no graph is named {name!r}.{did_you_mean(name, GRAPHS)} "
            f"There are: {', '.join(GRAPHS)}"
        )
    return GRAPHS[name](hire=hire or Hire(), broker=broker, calls=calls)
