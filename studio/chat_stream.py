"""A completion as server-sent events: rounds as reasoning, the answer, the usage."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from nsed.studio.chat_response import ChatChunk, ChunkChoice, Delta, Finish, TokenUsage
from nsed.studio.completion import Completed, Completion
from nsed.studio.live_run import LiveRun
from nsed.studio.reasoning_lines import reasoning_line
from nsed.studio.refusal import RefusedError

__all__ = ["ChatStreamResponse", "chat_stream"]

_PIECE_CHARS = 48
"""Of one chunk of the answer. It is there as a whole: the vote decides on wholes."""
_HEARTBEAT = ": at work\n\n"
_FAULT: Final = RefusedError(
    500,
    "something went wrong here; the log of the server has it",
    code="internal_error",
    type="server_error",
)


class ChatStreamResponse(StreamingResponse):
    """Sends the events, and ends them at once if the client goes away."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[str, None],
        *,
        request_id: str,
        left: Callable[[], object],
    ) -> None:
        """Begin nothing yet.

        Args:
            events: What is sent.
            request_id: By which a client may name this request.
            left: Called when nobody listens any more, also after the end.
        """
        super().__init__(
            events,
            headers={
                "cache-control": "no-store",
                "x-accel-buffering": "no",  # a proxy would hold lines back
                "x-request-id": request_id,
            },
        )
        self._events, self._left = events, left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()
            self._left()


async def chat_stream(
    completion: Completion,
    live: LiveRun,
    *,
    include_usage: bool,
    heartbeat_s: float,
) -> AsyncGenerator[str, None]:
    """Tell a completion as it comes.

    Args:
        completion: At work.
        live: Its run.
        include_usage: Whether to send a last chunk with the usage.
        heartbeat_s: Seconds after which a comment is sent if nothing else is, so that
            nobody on the way takes the connection for dead.

    Raises:
        Exception: Of a fault of ours, once the client has been told of it: whoever
            serves the stream logs it.
    """
    try:
        yield _event(_chunk(completion, Delta(role="assistant", content="")))
        async with aclosing(_lines(live, heartbeat_s)) as lines:
            async for line in lines:
                if line is None:
                    yield _HEARTBEAT
                else:
                    delta = Delta(reasoning_content=f"{line}\n")
                    yield _event(_chunk(completion, delta))
        while not await completion.over(within_s=heartbeat_s):
            yield _HEARTBEAT
        completed = await completion.completed()
        for chunk in _answer(completion, completed, include_usage=include_usage):
            yield _event(chunk)
    except RefusedError as refusal:
        yield _error_event(refusal)
    except Exception:
        yield _error_event(_FAULT)
        raise
    yield "data: [DONE]\n\n"


async def _lines(live: LiveRun, heartbeat_s: float) -> AsyncGenerator[str | None, None]:
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
    last = _chunk(completion, Delta(), finish=completed.finish)
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


def _error_event(refusal: RefusedError) -> str:
    return f"data: {bytes(refusal.reply().body).decode()}\n\n"


def _event(chunk: ChatChunk) -> str:
    found = chunk.model_dump(mode="json")
    for choice in found["choices"]:
        choice["delta"] = {k: v for k, v in choice["delta"].items() if v is not None}
    found = {k: v for k, v in found.items() if v is not None}
    return f"data: {json.dumps(found, ensure_ascii=True)}\n\n"
