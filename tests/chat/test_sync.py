"""From synchronous code, inside a running loop or not; and giving up half-way."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from panel import Recorder, settings_for

import nsed
from nsed.chat.bridge import in_a_thread
from nsed.chat_model import ChatNSED
from nsed.models.base import Request
from nsed.protocol.errors import QuorumError

SAID: contextvars.ContextVar[str] = contextvars.ContextVar("SAID", default="nothing")


def test_from_plain_code_and_again() -> None:
    model = ChatNSED(config=settings_for())

    assert model.invoke("What is 6 * 7?").response_metadata["nsed"]["answer"] == "42"
    assert "".join(str(c.content) for c in model.stream("What is 6 * 7?"))
    assert len(model.batch(["What is 6 * 7?"] * 3)) == 3


@pytest.mark.blocks_the_loop
async def test_inside_a_running_loop_as_in_a_notebook() -> None:
    model = ChatNSED(config=settings_for())

    assert model.invoke("What is 6 * 7?").response_metadata["nsed"]["answer"] == "42"
    assert "".join(str(c.content) for c in model.stream("What is 6 * 7?"))


async def forever(gone: list[str]) -> AsyncGenerator[int, None]:
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)
        gone.append("cleaned up")


def test_whoever_stops_listening_gives_the_stream_up() -> None:
    gone: list[str] = []
    stream = in_a_thread(lambda: forever(gone))

    assert next(stream) == 1
    stream.close()  # type: ignore[attr-defined]

    assert gone == ["cleaned up"]
    assert not [t for t in threading.enumerate() if t.name == "nsed chat"]


def test_the_thread_sees_the_callers_context_and_errors_come_back() -> None:
    async def said() -> AsyncGenerator[str, None]:
        yield SAID.get()
        raise QuorumError("propose", present=0, required=1)

    token = SAID.set("hello")
    stream = in_a_thread(said)
    try:
        assert next(stream) == "hello"
        with pytest.raises(QuorumError):
            next(stream)
    finally:
        SAID.reset(token)


def waiting(asked: asyncio.Event | None = None) -> tuple[Recorder, list[str]]:
    """Bob never answers; the list says when he is left alone."""
    gone: list[str] = []

    async def wait(_: Request) -> None:
        if asked is not None:
            asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.append("bob")

    return Recorder(bob=wait), gone


async def test_leaving_an_asynchronous_stream_drops_the_calls_in_flight() -> None:
    hire, gone = waiting()
    model = ChatNSED(config=settings_for(), hire=hire)

    stream: Any = model.astream("?")
    async for chunk in stream:
        if "proposed" in str(chunk.response_metadata):
            break
    await stream.aclose()
    for _ in range(50):  # turns of the loop, for what it has to clean up
        await asyncio.sleep(0)

    assert gone == ["bob"]


def test_leaving_a_synchronous_stream_does_so_too() -> None:
    hire, gone = waiting()
    model = ChatNSED(config=settings_for(), hire=hire)

    for chunk in model.stream("?"):
        if "proposed" in str(chunk.response_metadata):
            break
    del chunk

    assert gone == ["bob"]


async def test_a_cancelled_call_drops_its_calls() -> None:
    asked = asyncio.Event()
    hire, gone = waiting(asked)
    model = ChatNSED(config=settings_for(), hire=hire)
    call = asyncio.create_task(model.ainvoke("?"))
    await asked.wait()

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert gone == ["bob"]


def test_a_failure_is_the_same_error_in_every_thread() -> None:
    model = ChatNSED(experts=(nsed.scripted("ada", "x", fails="always"),))

    with pytest.raises(QuorumError, match="ada is scripted to fail"):
        model.batch(["?", "?"])
