"""Checkpoints: which of our records a checkpointer may revive."""

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from nsed.protocol.stopping import StopReason
from nsed.state.human import Intervention
from nsed.state.records import (
    Absence,
    Ballot,
    CallRecord,
    Memory,
    Pause,
    Proposal,
    Synthesis,
    Tally,
    Verdict,
)
from nsed.state.team import Team

__all__ = ["record_serializer"]


def record_serializer() -> JsonPlusSerializer:
    """A serializer that revives our records and nothing else of its own accord.

    Pass it as `serde` to any LangGraph checkpointer. With
    `LANGGRAPH_STRICT_MSGPACK=true` LangGraph finds the same types by itself.
    """
    kinds = (
        Absence,
        Ballot,
        CallRecord,
        Intervention,
        Memory,
        Pause,
        Proposal,
        StopReason,
        Synthesis,
        Tally,
        Team,
        Verdict,
    )
    allowed = [(kind.__module__, kind.__name__) for kind in kinds]
    return JsonPlusSerializer(allowed_msgpack_modules=allowed)
