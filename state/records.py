"""The records of a run: what each step leaves behind. Frozen, plain, versioned."""

from typing import Literal

from nsed.protocol.consensus import Rule
from nsed.protocol.forget_gate import Dropped, MemoryItem
from nsed.protocol.stopping import CommitType, StopReason
from nsed.protocol.usage import Usage
from nsed.state.panel import PanelRound
from nsed.state.record import Record

__all__ = [
    "Absence",
    "AnswerTally",
    "Ballot",
    "CallRecord",
    "Mark",
    "Memory",
    "Pause",
    "Phase",
    "Proposal",
    "Status",
    "Synthesis",
    "Tally",
    "Verdict",
]

Phase = Literal["propose", "review", "synthesize"]
Status = Literal["complete", "degraded", "failed"]


class Proposal(Record):
    """One expert's answer in a round."""

    id: str
    """`r<round>-<hash>`; says nothing of its author."""
    round: int
    expert: str
    text: str
    """Without reasoning blocks."""
    answer: str | None
    """The short answer it commits to, as written; None where it marks none."""
    key: str
    """Equal for equal answers; `alone:<sha256>` where the task has no canonical one."""


class Pause(Record):
    """A time in which nobody worked at the run: its process had ended, or it waited."""

    round: int
    """The round that was interrupted; 0 before the first."""
    seconds: float


class Mark(Record):
    """What a reviewer wrote about one candidate."""

    critique: str
    weight: int
    """In [-100, 100]."""
    claims: tuple[str, ...] = ()


class Ballot(Record):
    """One reviewer's marks over the candidates he was shown."""

    round: int
    reviewer: str
    shown: tuple[str, ...]
    """Proposal ids in the order of his labels A, B, …"""
    written: dict[str, Mark]
    """By label, as written."""
    weights: dict[str, int]
    """By proposal id, as cast: unknown labels dropped."""
    dropped_labels: tuple[str, ...] = ()
    """Labels he wrote that he was never shown."""
    repaired: bool = False
    """Whether the JSON had to be repaired."""


class Absence(Record):
    """An expert that was asked and gave nothing usable."""

    round: int
    phase: Phase
    expert: str
    kind: str
    """One word of the failure taxonomy (`nsed.models.base.FailureKind`)."""
    reason: str


class CallRecord(Record):
    """One attempt to ask a model."""

    id: str
    """`r<round>.<phase>.<expert>.<attempt>`."""
    round: int
    phase: Phase
    expert: str
    attempt: int
    prompt_sha256: str
    """Of the canonical JSON of the messages sent."""
    reply: str
    """The raw reply, reasoning included; empty where none came."""
    outcome: str
    """`ok`, or the kind of failure."""
    error: str = ""
    method: str = "text"
    """How JSON was asked for."""
    started_at: float = 0.0
    """Unix time at which the attempt began, in seconds."""
    first_token_ms: int | None = None
    """Milliseconds to the first token, where the provider tells."""
    usage: Usage
    cached: bool = False
    """Whether nobody was asked: the reply is out of the response cache, at no cost."""
    replica: bool = False
    """Whether the expert's second endpoint was asked, as a hedge."""
    at_most: Usage | None = None
    """Its worst case, where nobody knows what it used; caps count that."""


class AnswerTally(Record):
    """One answer's outcome in a round."""

    key: str
    answer: str | None
    proposals: tuple[str, ...]
    net_support: float | None
    """Pooled, in [-1, 1]; None where nobody voted on it."""
    evidence: float
    """What its authors' skill adds, in nats."""
    score: float


class Tally(Record):
    """A round's outcome."""

    round: int
    rule: Rule
    decided_by: Literal["votes", "plurality"]
    """`plurality` only where fewer ballots were usable than `review_quorum`."""
    candidates: tuple[str, ...]
    votes: dict[str, dict[str, float]]
    """By reviewer, then proposal id; in [-1, 1]. Absent means not voted on."""
    net_support: dict[str, float]
    """By proposal id, in [-1, 1]; absent where nobody voted on it."""
    answers: tuple[AnswerTally, ...]
    winner: str
    """Proposal id: the incumbent from here on."""
    conviction: float
    winners_by_rule: dict[str, str]
    """Which proposal each rule alone would pick; empty without ballots."""
    rules_agree: bool
    """Whether all rules pick the same answer."""
    evidence: float
    """E(r) so far."""
    guards: tuple[str, ...] = ()
    """In plain words: what the vote's guards did; empty where none is on."""
    unguarded_winner: str | None = None
    """Proposal id that would lead without them; None where none is on."""


class Memory(Record):
    """What the forget gate let into the next round, and what it dropped."""

    round: int
    kept: tuple[MemoryItem, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    tokens: int = 0


class Synthesis(Record):
    """The final text as the synthesizer wrote it, whether it was used or not."""

    round: int
    """The last round, whose winner it is about."""
    expert: str
    text: str
    """Without reasoning blocks."""
    answer: str | None
    """The short answer it commits to, as written; None where it marks none."""
    key: str
    """As a proposal's."""
    used: bool
    """Whether it is the verdict's text: not if it changed the winner's answer."""


class Verdict(Record):
    """The end of a deliberation."""

    status: Status
    answer: str
    """The short answer, or the whole text where there is none. Empty, as are the next
    two, where the status is `failed`: there is no answer."""
    text: str
    """The winning proposal's, or the synthesizer's, see `synthesized`."""
    proposal: str
    """Id of the winning proposal."""
    stop_reason: StopReason
    commit_type: CommitType
    conviction: float
    rounds: int
    """Rounds that were decided."""
    absences: tuple[Absence, ...]
    notes: tuple[str, ...]
    """In plain words: what a degraded status or a fallback means."""
    usage: Usage
    seconds: float
    """Wall-clock time of the run."""
    panel: tuple[PanelRound, ...] = ()
    """Who took part, by round: the effective panel."""
    failure: str = ""
    """For `failed`: the error that ended the run, its type first."""
    synthesized: bool = False
    """Whether the text is the synthesizer's and not the winner's own."""
