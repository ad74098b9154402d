"""One call of LangServe: its options checked before it begins, ended with its client.

LangServe drops options that it does not know and gives a Runnable no request. So both
are seen to in a dependency of its routes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from fastapi import HTTPException, Request
from pydantic import ValidationError

from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.studio.admission import Caller, TheCaller
from nsed.studio.call_options import CallOptions
from nsed.studio.let_in import let_in
from nsed.studio.live_run import LiveRun

__all__ = ["call_of_request", "entered"]

_CLIENT_CLOSED: Final = 499
_LANGGRAPH: Final = ("thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map")
"""What a client that is a node of a graph sends along; it is about its own graph."""


@dataclass(frozen=True)
class _Call:
    request: Request
    caller: Caller


_CALL: ContextVar[_Call] = ContextVar("_CALL")


async def call_of_request(request: Request, caller: TheCaller) -> None:
    """Refuse options that may not be chosen, and remember who asks.

    Raises:
        HTTPException: 422, and which option is wrong.
    """
    for config in await _configs(request):
        options = _options(config)
        try:
            options.settled(request.app.state.settings)
        except ConfigError as error:
            raise HTTPException(422, redact(str(error))) from error
    _CALL.set(_Call(request, caller))


@asynccontextmanager
async def entered(task: str, options: CallOptions) -> AsyncIterator[LiveRun]:
    """Begin the run of the call at work; a client that goes away ends it.

    Raises:
        HTTPException: 499, to nobody: the client has gone.
    """
    call = _CALL.get()
    state = call.request.app.state
    config = options.settled(state.settings)
    async with let_in(
        state.service,
        state.admission,
        call.caller,
        task,
        config,
        preset=options.preset,
    ) as live:
        gone = asyncio.Event()
        watching = asyncio.create_task(_until_gone(call.request, live, gone))
        try:
            yield live
        except asyncio.CancelledError:
            if not gone.is_set():
                raise
            raise HTTPException(_CLIENT_CLOSED, "the client has gone") from None
        finally:
            watching.cancel()


async def _until_gone(request: Request, live: LiveRun, gone: asyncio.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()
    await live.cancel()


async def _configs(request: Request) -> list[Mapping[str, Any]]:
    """The configurations that a request holds: in its path, and one or more inside."""
    found: list[object] = []
    if hash_ := request.path_params.get("config_hash"):
        found.append(_of_hash(hash_))
    if request.method == "POST":
        try:
            body = await request.json()
        except (ValueError, RecursionError) as error:
            raise HTTPException(422, "the body is not JSON") from error
        inside = body.get("config") if isinstance(body, dict) else None
        found += inside if isinstance(inside, list) else [inside or {}]
    if not all(isinstance(one, Mapping) for one in found):
        raise HTTPException(422, "config: should be an object, or a list of them")
    return [one for one in found if isinstance(one, Mapping)]


def _of_hash(text: str) -> object:
    from langserve.lzstring import LZString  # noqa: PLC0415 - an extra

    decode: Callable[[str], str] = LZString.decompressFromEncodedURIComponent
    try:
        return json.loads(decode(text))
    # Anything but what the playground writes breaks its decoder in some way.
    except Exception as error:
        raise HTTPException(422, "the path holds no configuration") from error


def _options(config: Mapping[str, Any]) -> CallOptions:
    chosen = config.get("configurable") or {}
    if not isinstance(chosen, Mapping):
        raise HTTPException(422, "configurable: should be an object")
    known = CallOptions.model_fields
    given = {
        str(key): value
        for key, value in chosen.items()
        if key not in _LANGGRAPH and not str(key).startswith("__")
    }
    for key in given:
        if key not in known:
            hint = did_you_mean(key, tuple(known))
            raise HTTPException(
                422,
                f"configurable: {key[:40]!r} may not be chosen.{hint} "
                f"There are: {', '.join(known)}",
            )
    try:
        return CallOptions.model_validate(given)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise HTTPException(422, "configurable: " + "; ".join(problems)) from error
