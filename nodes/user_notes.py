"""What the user says between rounds, as every expert reads it."""

from nsed.nodes.prompt import fill
from nsed.protocol.shown_text import shown_text
from nsed.state.schema import DeliberationState

__all__ = ["with_user_notes"]

_CHARS = 2000


def with_user_notes(state: DeliberationState, question: str) -> str:
    """Put the user's notes before a question: not as data, but as the task is.

    No peer can forge one: what peers write stands in blocks.
    """
    decided = state.get("interventions", {}).values()
    notes = [
        shown_text(one.note, chars=_CHARS)
        for one in sorted(decided, key=lambda one: one.round)
        if one.note
    ]
    if not notes:
        return question
    said = fill("user_notes", notes="\n".join(notes))
    return f"{said}\n\n{question}"
