"""The synthesizer's text against the winner: may it be used, and what is said of it."""

from nsed.nodes.memory_view import shown_answer
from nsed.state.records import Absence, Proposal, Synthesis

__all__ = ["final_text", "is_canonical", "keeps_answer", "synthesis_notes"]

_ANSWER_CHARS = 80


def is_canonical(proposal: Proposal) -> bool:
    """Whether its answer has a form in which equal answers are equal."""
    return not proposal.key.startswith("alone:")


def keeps_answer(winner: Proposal, key: str | None) -> bool:
    """Whether a text with this key answers as the winner does; prose may change."""
    return not is_canonical(winner) or key == winner.key


def final_text(winner: Proposal, synthesis: Synthesis | None) -> tuple[str, str, bool]:
    """The verdict's short answer and text, and whether the synthesizer wrote them."""
    if synthesis is None or not synthesis.used:
        return winner.answer or winner.text, winner.text, False
    short = winner.answer if is_canonical(winner) else synthesis.answer
    return short or synthesis.text, synthesis.text, True


def synthesis_notes(
    winner: Proposal, synthesis: Synthesis | None, absences: tuple[Absence, ...]
) -> list[str]:
    """Say in plain words why the text is not the synthesizer's, where it should be."""
    notes = [
        f"The synthesizer {a.expert} wrote no usable text ({a.kind}): "
        "the winner's own text is kept."
        for a in absences
        if a.phase == "synthesize"
    ]
    if synthesis is not None and not synthesis.used:
        old, new = (_shown(said.answer, said.key) for said in (winner, synthesis))
        notes.append(
            f"The synthesizer changed the answer from {old} to {new}: "
            "the winner's own text is kept."
        )
    return notes


def _shown(answer: str | None, key: str) -> str:
    """A short answer, on one line and not endless."""
    line = " ".join((answer or shown_answer(key)).split())
    return line if len(line) <= _ANSWER_CHARS else f"{line[:_ANSWER_CHARS]}…"
