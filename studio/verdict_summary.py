"""What a run came to, for clients that look further than the text."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from nsed.state.records import Absence
from nsed.state.run_record import RunRecord

__all__ = ["VerdictSummary", "summary_of"]


class VerdictSummary(BaseModel):
    """The verdict in short; the whole record is at `page`, and in the run's JSON."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    run_id: str
    page: str
    """Path of the run page on this server."""
    status: Literal["complete", "degraded", "failed"]
    answer: str
    """The short answer."""
    stop_reason: str
    commit_type: str
    conviction: float
    """Share of all net support that the winner has, in [-1, 1]."""
    rounds: int
    calls: int
    usd: float | None
    """US dollars; null where the price of some call is unknown, never 0 for that."""
    seconds: float
    absences: list[Absence]
    """Who is missing, in which round and phase, and why."""
    notes: list[str]
    """In plain words, what a degraded status or a fallback means."""
    experts: list[str]
    """Who gave the panel its proposals, by name."""
    reasked: bool = False
    """Whether an expert was asked once more to put the answer into the form."""


def summary_of(
    record: RunRecord, *, usd: float | None, calls: int, reasked: bool = False
) -> VerdictSummary:
    """Sum a run up.

    Args:
        record: Of a run that is over.
        usd: What it cost with all that was asked after it; None: unknown.
        calls: How many calls that were.
        reasked: See `VerdictSummary`.
    """
    verdict = record.verdict
    return VerdictSummary(
        run_id=record.run_id,
        page=f"/runs/{record.run_id}",
        status=verdict.status,
        answer=verdict.answer,
        stop_reason=str(verdict.stop_reason),
        commit_type=str(verdict.commit_type),
        conviction=verdict.conviction,
        rounds=verdict.rounds,
        calls=calls,
        usd=usd,
        seconds=verdict.seconds,
        absences=list(verdict.absences),
        notes=list(verdict.notes),
        experts=sorted({proposal.expert for proposal in record.proposals.values()}),
        reasked=reasked,
    )
