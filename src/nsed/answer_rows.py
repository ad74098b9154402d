"""The answers of a round, best first: who gave them, and how much support they have."""

from dataclasses import dataclass

from nsed.state.records import Tally
from nsed.state.run_record import RunRecord

__all__ = ["AnswerRow", "answer_rows", "tallies_of"]


@dataclass(frozen=True)
class AnswerRow:
    """One answer of one round."""

    proposals: tuple[str, ...]
    """Ids of the candidates that give it."""
    net_support: float | None
    """In [-1, 1]; None where nobody voted on it, or the round had no ballots."""
    score: float
    """What it was ranked by; without ballots, how often it was given."""


def tallies_of(record: RunRecord) -> list[Tally]:
    """The rounds that were decided, the first one first."""
    return sorted(record.tallies.values(), key=lambda tally: tally.round)


def answer_rows(record: RunRecord, tally: Tally) -> list[AnswerRow]:
    """What was voted on, the leading answer first, then by score."""
    if tally.answers:
        rows = [AnswerRow(a.proposals, a.net_support, a.score) for a in tally.answers]
    else:  # decided by plurality
        by_key: dict[str, list[str]] = {}
        for proposal in tally.candidates:
            by_key.setdefault(record.proposals[proposal].key, []).append(proposal)
        rows = [AnswerRow(tuple(ids), None, len(ids)) for ids in by_key.values()]
    return sorted(rows, key=lambda row: (tally.winner not in row.proposals, -row.score))
