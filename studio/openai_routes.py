"""The OpenAI-compatible door: `/v1/chat/completions` and `/v1/models`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Header, Request, Response

from nsed.protocol.errors import ConfigError
from nsed.studio.admission import DEFAULT_PRESET, Caller, TheCaller
from nsed.studio.chat_request import ChatRequest
from nsed.studio.chat_response import (
    ChatCompletion,
    Choice,
    Message,
    Model,
    ModelList,
    TokenUsage,
)
from nsed.studio.chat_stream import ChatStreamResponse, chat_stream
from nsed.studio.chat_task import chat_task
from nsed.studio.completion import Completion
from nsed.studio.error_statuses import failing_with
from nsed.studio.idempotency import Idempotency
from nsed.studio.model_names import model_names, preset_of
from nsed.studio.refusal import RefusedError
from nsed.studio.run_failures import refusal_of

__all__ = ["openai_routes"]

T = TypeVar("T")
_STARTED = int(time.time())
_READING: Final = failing_with(400, 401, 403, 421, 500, 503)

openai_routes = APIRouter(prefix="/v1", tags=["OpenAI"])


@openai_routes.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={
        **failing_with(400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 500, 502, 503),
        200: {
            "description": "The answer; with `stream: true` as server-sent events.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def create_chat_completion(
    request: Request,
    response: Response,
    body: ChatRequest,
    caller: TheCaller,
    idempotency_key: Annotated[
        str | None,
        Header(description="Sent again with the same body, it is the same run."),
    ] = None,
) -> Any:  # noqa: ANN401 - one of two kinds of response
    """Deliberate on the last user message and answer with the verdict.

    The client's going away gives the run up; unless it sent an Idempotency-Key, by
    which it may come back for the answer.
    """
    completion = await _completion(request, body, caller, idempotency_key)

    def left() -> None:
        if idempotency_key is None:
            completion.give_up()

    going = asyncio.create_task(_gone(request))
    try:
        if body.stream:
            live = await _unless(going, completion.begun, left)
            options = body.stream_options
            events = chat_stream(
                completion,
                live,
                include_usage=options is not None and options.include_usage,
                heartbeat_s=request.app.state.heartbeat_s,
            )
            return ChatStreamResponse(events, request_id=live.run.run_id, left=left)
        done = await _unless(going, completion.completed, left)
    finally:
        going.cancel()
    response.headers["x-request-id"] = done.summary.run_id
    return ChatCompletion(
        id=completion.id,
        created=completion.created,
        model=body.model,
        choices=[Choice(message=Message(content=done.text), finish_reason=done.finish)],
        usage=TokenUsage.of(done.usage),
        nsed=done.summary,
    )


@openai_routes.get("/models", responses=_READING)
async def list_models(request: Request, caller: TheCaller) -> ModelList:
    """All presets that the caller may use, as models."""
    settings = request.app.state.settings
    return ModelList(
        data=[
            Model(id=name, created=_STARTED)
            for name in model_names(settings)
            if caller.may_use(preset_of(name, settings))
        ]
    )


@openai_routes.get("/models/{model}", responses={**_READING, **failing_with(404)})
async def retrieve_model(model: str, request: Request, caller: TheCaller) -> Model:
    """One of them."""
    preset = preset_of(model, request.app.state.settings)
    if not caller.may_use(preset):
        raise RefusedError(
            404,
            f"this key may not use {preset or DEFAULT_PRESET!r}",
            code="model_not_found",
            param="model",
        )
    return Model(id=model, created=_STARTED)


async def _completion(
    request: Request, body: ChatRequest, caller: Caller, key: str | None
) -> Completion:
    state = request.app.state
    try:
        asked = await asyncio.to_thread(chat_task, body, state.settings)
    except ConfigError as error:
        raise refusal_of(error) from error

    def begin() -> Completion:
        return Completion(asked, caller, state.service, state.admission)

    if key is None:
        return begin()
    found: Idempotency = state.idempotency
    return found.find(caller.name, key, await request.body(), begin)


async def _unless(
    going: asyncio.Task[None],
    coming: Callable[[], Awaitable[T]],
    left: Callable[[], object],
) -> T:
    """Wait for something, unless the client goes away first."""
    waiting = asyncio.ensure_future(coming())
    try:
        await asyncio.wait([going, waiting], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        left()
        raise
    finally:
        if not waiting.done():
            waiting.cancel()
    if not waiting.done():
        left()
        raise RefusedError(499, "the client went away", code="disconnected")
    return waiting.result()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
