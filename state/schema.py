"""The graph's schema: what goes in, what comes out, and the channels between."""

from typing import Annotated, NotRequired

from langchain_core.messages import AnyMessage
from typing_extensions import TypedDict

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
from nsed.state.reducers import join_messages, merge_records
from nsed.state.team import Team

__all__ = [
    "Asked",
    "DeliberationInput",
    "DeliberationOutput",
    "DeliberationState",
    "ProposeTask",
    "ReviewTask",
]


class DeliberationInput(TypedDict):
    """What the user gives: a task, or the messages of a chat; one of the two."""

    task: NotRequired[str]
    """What the experts are asked."""
    messages: NotRequired[Annotated[list[AnyMessage], join_messages]]
    """A chat, whose last user message is what the experts are asked."""


class DeliberationOutput(TypedDict):
    """What the user gets."""

    verdict: Verdict
    messages: Annotated[list[AnyMessage], join_messages]
    """The chat, with the answer as its last message."""


class Asked(TypedDict):
    """What a thread was asked last, to tell a new question from it."""

    message: str
    """Id of the message that asks."""
    task_sha256: str
    chat_sha256: str
    """Of the chat as it was then."""


class DeliberationState(TypedDict):
    """Everything the loop knows. Keys of maps are ids, see `state/records.py`."""

    task: str
    messages: NotRequired[Annotated[list[AnyMessage], join_messages]]
    """The chat, oldest first; a task is its first message."""
    asked: NotRequired[Asked]
    started_at: float
    """Unix time of the first step, in seconds."""
    round: int
    """1-based; the round being played."""
    round_started_at: float
    """Unix time at which the round was bound, in seconds."""
    teams: Annotated[dict[str, Team], merge_records(Team)]
    """By round."""
    attempts: dict[str, int]
    """Attempts the ledger granted each expert for the phase about to start."""
    proposals: Annotated[dict[str, Proposal], merge_records(Proposal)]
    masks: dict[str, tuple[str, ...]]
    """This round: proposal ids in label order, by reviewer."""
    candidates: tuple[str, ...]
    """This round: ids of the proposals that are voted on."""
    ballots: Annotated[dict[str, Ballot], merge_records(Ballot)]
    """By `r<round>.<reviewer>`."""
    tallies: Annotated[dict[str, Tally], merge_records(Tally)]
    """By round."""
    memories: Annotated[dict[str, Memory], merge_records(Memory)]
    """By the round that was just played; the next one reads it."""
    absences: Annotated[dict[str, Absence], merge_records(Absence)]
    """By `r<round>.<phase>.<expert>`."""
    calls: Annotated[dict[str, CallRecord], merge_records(CallRecord)]
    """By `r<round>.<phase>.<expert>.<attempt>`."""
    pauses: NotRequired[Annotated[dict[str, Pause], merge_records(Pause)]]
    """By the Unix time at which the run went on; limits of time leave them out."""
    interventions: NotRequired[
        Annotated[dict[str, Intervention], merge_records(Intervention)]
    ]
    """What the user decided, by the round it came after."""
    taken_over: NotRequired[int]
    """How many rounds it has from the run it was forked from."""
    halt: StopReason | None
    """Set when the loop must end."""
    synthesis: NotRequired[Synthesis]
    """Written once, after the last round, if a synthesizer is set."""
    verdict: NotRequired[Verdict]


class ProposeTask(TypedDict):
    """Sent to one proposer. Ids only: texts stay in the state."""

    round: int
    expert: str


class ReviewTask(TypedDict):
    """Sent to one reviewer. Ids only: texts stay in the state."""

    round: int
    expert: str
