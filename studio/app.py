"""What the Agent Server and LangGraph Studio open: graphs by module path.

Each name is a factory that the server calls for every run; the graph is made once.
The server brings its own checkpointer and store, so none is set here.
"""

from typing import Any

from langgraph_sdk.runtime import ServerRuntime

from nsed.graphs.deliberation import create_deliberation
from nsed.graphs.majority_vote import create_majority_vote
from nsed.graphs.single_expert import create_single_expert
from nsed.models.hire import Hire
from nsed.studio.offline import OfflineConfig
from nsed.studio.served_graph import ServedGraph, served

__all__ = ["deliberation", "deliberation_offline", "majority_vote", "single_expert"]

_HIRE = Hire()  # one for all graphs: they share local servers and clients

_DELIBERATION = served(create_deliberation(hire=_HIRE), "deliberation")
_OFFLINE = served(
    create_deliberation(hire=_HIRE),
    "deliberation_offline",
    context_schema=OfflineConfig,
)
_MAJORITY_VOTE = served(create_majority_vote(hire=_HIRE), "majority_vote")
_SINGLE_EXPERT = served(create_single_expert(hire=_HIRE), "single_expert")


def deliberation(runtime: ServerRuntime[Any]) -> ServedGraph:
    """The deliberation."""
    return _DELIBERATION.checked(runtime)


def deliberation_offline(runtime: ServerRuntime[Any]) -> ServedGraph:
    """The deliberation among scripts, to try Studio without a model."""
    return _OFFLINE.checked(runtime)


def majority_vote(runtime: ServerRuntime[Any]) -> ServedGraph:
    """The baseline "majority over the pool"."""
    return _MAJORITY_VOTE.checked(runtime)


def single_expert(runtime: ServerRuntime[Any]) -> ServedGraph:
    """The baseline "one model"."""
    return _SINGLE_EXPERT.checked(runtime)
