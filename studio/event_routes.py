"""The route of a run's events, as server-sent events."""

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response
from pydantic import TypeAdapter
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send
from typing_extensions import TypedDict

from nsed.state.events import DeliberationEvent
from nsed.studio.live_run import LiveRun
from nsed.studio.run_control import RunControl
from nsed.studio.run_routes import RunId, TheControl, api_router
from nsed.studio.standing import Stand

__all__ = ["event_routes"]

_HEARTBEAT_S: Final = 15
_LINE_END: Final = "\n"
_MOST_DIGITS: Final = 18
_PATIENCE_S: Final = 60
"""How long a watcher may take in nothing; then it is let go and may come again."""


class _End(TypedDict):
    """How the run stands when the stream ends."""

    state: Stand
    reason: str


_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "id": {"type": "string", "description": "Its number; the end has none."},
        "event": {"enum": ["message", "end"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "anyOf": [
                    TypeAdapter(DeliberationEvent).json_schema(),
                    TypeAdapter(_End).json_schema(),
                ]
            },
        },
    },
}
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events as they happen; the last one is `end`, "
        "whose data has `state` and `reason`.",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}


def event_routes() -> APIRouter:
    """`/api/runs/{id}/events`."""
    router = api_router()

    @router.get(
        "/runs/{run_id}/events", response_class=EventSourceResponse, responses=_STREAM
    )
    async def events(
        run_id: RunId,
        control: TheControl,
        last_event_id: Annotated[
            str, Header(description="The last event seen; the next one comes first.")
        ] = "",
    ) -> Response:
        """What happens in a run, the past first; then how it stands at the end.

        A run that this process does not play has only the end.
        """
        live = (await control.find(run_id)).live
        return _Stream(
            _told(control, run_id, live, _number(last_event_id)),
            ping=_HEARTBEAT_S,
            sep=_LINE_END,
            send_timeout=_PATIENCE_S,
        )

    return router


class _Stream(EventSourceResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(SendTimeoutError):  # nobody takes it in any more
            await super().__call__(scope, receive, send)


async def _told(
    control: RunControl, run_id: str, live: LiveRun | None, after: int
) -> AsyncIterator[ServerSentEvent]:
    if live is not None:
        async for number, event in live.watch(after):
            yield ServerSentEvent(json.dumps(event), id=str(number), sep=_LINE_END)
    if control.service.closed:
        return  # it breaks off; whoever comes back is told how the run stands
    now = await control.standing(run_id)
    end = _End(state=now.state, reason=now.reason)
    yield ServerSentEvent(json.dumps(end), event="end", sep=_LINE_END)


def _number(given: str) -> int:
    """The number of an event; 0 for what is none, as if nothing had been seen."""
    plain = given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS
    return int(given) if plain else 0
