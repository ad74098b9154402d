"""What is asked after a call that failed: the same, or what would mend the reply."""

from dataclasses import replace

from nsed.models.base import Message, Request
from nsed.models.patience import LOSSES, REASKS, RUNGS
from nsed.protocol.shown_text import shown_text

__all__ = ["QUOTED_CHARS", "finish_of", "most_attempts", "reask_of"]

QUOTED_CHARS = 1500
"""Most characters of a reply, or of a complaint about it, that are quoted back."""
FINISH_TOKENS = 64
"""Most output tokens of an answer that is asked for once more."""


def most_attempts(*, retries: int, structured: bool) -> int:
    """Most calls `ask` makes for one question."""
    return 1 + retries + REASKS + LOSSES + (RUNGS if structured else 0)


def reask_of(request: Request, reply: str, complaint: str) -> Request:
    """Quote the reply and what is wrong with it, and ask again."""
    if request.reask is None:
        return request
    turns = (
        Message("assistant", shown_text(reply[:QUOTED_CHARS], chars=QUOTED_CHARS)),
        Message("user", request.reask(complaint)),
    )
    return replace(request, messages=(*request.messages, *turns))


def finish_of(request: Request, reply: str) -> Request:
    """Show a model the end of what it was cut off at, and ask for the answer only."""
    turns = (
        Message("assistant", shown_text(reply[-QUOTED_CHARS:], chars=QUOTED_CHARS)),
        Message("user", request.finish),
    )
    return replace(
        request,
        messages=(*request.messages, *turns),
        max_output_tokens=min(FINISH_TOKENS, request.max_output_tokens),
        lead=reply,
    )
