"""What the user says between rounds, as every expert reads it."""

from nsed.nodes.peer_text import frame, fresh_mark
from nsed.nodes.prompt import fill
from nsed.state.schema import DeliberationState

__all__ = ["with_user_notes"]


def with_user_notes(state: DeliberationState, question: str) -> str:
    """Put the user's notes before a question; fenced, so that no peer can forge one."""
    decided = state.get("interventions", {}).values()
    notes = [
        (f"after round {one.round}", one.note)
        for one in sorted(decided, key=lambda one: one.round)
        if one.note
    ]
    if not notes:
        return question
    mark = fresh_mark("notes", *(text for _, text in notes))
    return f"{fill('user_notes', notes=frame('note', notes, mark=mark))}\n\n{question}"
