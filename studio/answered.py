"""The answer of a run in short, as doors without a view of their own give it."""

from nsed.state.record import Record
from nsed.state.records import Absence, Status
from nsed.state.run_record import RunRecord

__all__ = ["Answered"]


class Answered(Record):
    """What came of a run; the whole of it is in its record."""

    answer: str
    """The short answer, or the whole text where the task has none."""
    text: str
    """The winning proposal's text, or the synthesizer's."""
    status: Status
    """`complete`; or `degraded`: experts were missing, see the notes."""
    stop_reason: str
    """Why it ended when it did."""
    conviction: float
    """The panel's support of the answer, in [-1, 1]."""
    rounds: int
    """Rounds that were decided."""
    notes: tuple[str, ...]
    """In plain words: what is to be known of the answer."""
    absences: tuple[Absence, ...]
    """Who was asked and gave nothing usable."""
    usd: float | None
    """What it cost in US dollars; None where a price is unknown."""
    tokens: int
    """Input and output tokens together."""
    seconds: float
    """Wall-clock time."""
    run_id: str
    """By which the run is found again, where runs are kept."""

    @classmethod
    def of(cls, record: RunRecord) -> "Answered":
        """Sum a record up."""
        verdict = record.verdict
        return cls(
            answer=verdict.answer,
            text=verdict.text,
            status=verdict.status,
            stop_reason=verdict.stop_reason.value,
            conviction=verdict.conviction,
            rounds=verdict.rounds,
            notes=verdict.notes,
            absences=verdict.absences,
            usd=verdict.usage.usd,
            tokens=verdict.usage.tokens,
            seconds=verdict.seconds,
            run_id=record.run_id,
        )
