"""A completion as server-sent events: rounds as reasoning, the answer, the usage."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from nsed.studio.chat_response import ChatChunk, ChunkChoice, Delta, Finish, TokenUsage
from nsed.studio.completion import Completed, Completion
from nsed.studio.live_run import LiveRun
from nsed.studio.reasoning_lines import reasoning_line
from nsed.studio.refusal import RefusedError

__all__ = ["chat_stream"]

_PIECE_CHARS = 48
"""Of one chunk of the answer. It is there as a whole: the vote decides on wholes."""
_HEARTBEAT = ": at work\n\n"


async def chat_stream(
    completion: Completion,
    live: LiveRun,
    *,
    include_usage: bool,
    heartbeat_s: float,
    left: Callable[[], object],
) -> AsyncIterator[str]:
    """Tell a completion as it comes.

    Args:
        completion: At work.
        live: Its run.
        include_usage: Whether to send a last chunk with the usage.
        heartbeat_s: Seconds after which a comment is sent if nothing else is, so that
            nobody on the way takes the connection for dead.
        left: Called when nobody listens any more before the end.
    """
    over = False
    try:
        yield _event(_chunk(completion, Delta(role="assistant", content="")))
        async for line in _lines(live, heartbeat_s):
            if line is None:
                yield _HEARTBEAT
            else:
                delta = Delta(reasoning_content=f"{line}\n")
                yield _event(_chunk(completion, delta))
        waiting = asyncio.ensure_future(completion.completed())
        while not waiting.done():
            await asyncio.wait([waiting], timeout=heartbeat_s)
            if not waiting.done():
                yield _HEARTBEAT
        over = True
        for chunk in _answer(completion, waiting.result(), include_usage=include_usage):
            yield _event(chunk)
    except RefusedError as refusal:
        over = True
        yield f"data: {bytes(refusal.reply().body).decode()}\n\n"
    finally:
        if not over:
            left()
    yield "data: [DONE]\n\n"


async def _lines(live: LiveRun, heartbeat_s: float) -> AsyncIterator[str | None]:
    """Lines about the run; None where nothing has happened for a while."""
    events = live.watch()
    coming: asyncio.Task[Any] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(events, None))
            done, _ = await asyncio.wait([coming], timeout=heartbeat_s)
            if not done:
                yield None
                continue
            found = coming.result()
            coming = None
            if found is None:
                return
            line = reasoning_line(found[1])
            if line is not None:
                yield line
    finally:
        if coming is not None:
            coming.cancel()


def _answer(
    completion: Completion, completed: Completed, *, include_usage: bool
) -> list[ChatChunk]:
    text = completed.text
    chunks = [
        _chunk(completion, Delta(content=text[start : start + _PIECE_CHARS]))
        for start in range(0, len(text), _PIECE_CHARS)
    ]
    last = _chunk(completion, Delta(), finish="stop")
    chunks.append(last.model_copy(update={"nsed": completed.summary}))
    if include_usage:
        usage = TokenUsage.of(completed.usage)
        empty = _chunk(completion, Delta())
        chunks.append(empty.model_copy(update={"choices": [], "usage": usage}))
    return chunks


def _chunk(
    completion: Completion, delta: Delta, finish: Finish | None = None
) -> ChatChunk:
    return ChatChunk(
        id=completion.id,
        created=completion.created,
        model=completion.asked.model,
        choices=[ChunkChoice(delta=delta, finish_reason=finish)],
    )


def _event(chunk: ChatChunk) -> str:
    found = chunk.model_dump(mode="json")
    for choice in found["choices"]:
        choice["delta"] = {k: v for k, v in choice["delta"].items() if v is not None}
    found = {k: v for k, v in found.items() if v is not None}
    return f"data: {json.dumps(found, ensure_ascii=True)}\n\n"
