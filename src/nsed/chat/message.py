"""A run as the messages of a chat model: events, the text in pieces, the verdict."""

import re
from collections.abc import Iterator
from typing import Any, Final

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from nsed.protocol.usage import Usage
from nsed.state.events import DeliberationEvent
from nsed.state.run_record import RunRecord

__all__ = ["NSED", "event_chunk", "last_chunk", "text_chunks", "verdict_of"]

NSED: Final = "nsed"
"""Key of `response_metadata` under which everything of ours stands."""

_LEAST_CHARS: Final = 24
_WORDS = re.compile(r"\s*\S+\s*")


def event_chunk(event: DeliberationEvent) -> ChatGenerationChunk:
    """Something that happened, without text. Added up, events make a list."""
    return _chunk("", {NSED: {"events": [dict(event)]}})


def text_chunks(text: str) -> Iterator[ChatGenerationChunk]:
    """A finished text in pieces of a few words. Joined, they are the text."""
    piece = ""
    for words in _WORDS.findall(text) or ([text] if text else []):
        piece += words
        if len(piece) >= _LEAST_CHARS:
            yield _chunk(piece, {})
            piece = ""
    if piece:
        yield _chunk(piece, {})


def last_chunk(
    used: Usage, verdict: dict[str, Any], *, model: str
) -> ChatGenerationChunk:
    """The bill and the verdict; the only chunk that holds either."""
    metadata = {"model_name": model, "finish_reason": "stop", NSED: verdict}
    bill = UsageMetadata(
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        total_tokens=used.tokens,
        input_token_details=InputTokenDetails(cache_read=used.cached_input_tokens),
    )
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            response_metadata=metadata,
            usage_metadata=bill,
            chunk_position="last",
        )
    )


def verdict_of(record: RunRecord, used: Usage, **more: object) -> dict[str, Any]:
    """What `response_metadata["nsed"]` says of a run: plain data.

    Args:
        record: Of the run.
        used: All that was used, with what came after the verdict.
        more: Further facts.
    """
    verdict = record.verdict
    return {
        "run_id": record.run_id,
        "answer": verdict.answer,
        "status": verdict.status,
        "stop_reason": str(verdict.stop_reason),
        "commit_type": verdict.commit_type,
        "conviction": verdict.conviction,
        "rounds": verdict.rounds,
        "absences": [absence.model_dump() for absence in verdict.absences],
        "notes": list(verdict.notes),
        "synthesized": verdict.synthesized,
        "seconds": verdict.seconds,
        "calls": used.calls,
        "estimated_calls": used.estimated_calls,
        "usd": used.usd,
        **more,
    }


def _chunk(text: str, metadata: dict[str, Any]) -> ChatGenerationChunk:
    message = AIMessageChunk(content=text, response_metadata=metadata)
    return ChatGenerationChunk(message=message)
