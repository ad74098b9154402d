"""Sizes of requests: bytes with and without a length, nesting, messages."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from a_server import ASK, Here, priced_panel, server
from hypothesis import given
from hypothesis import strategies as st

from nsed.config.server import ServerSettings
from nsed.config.settings import Settings
from nsed.studio.refusal import RefusedError
from nsed.studio.request_limits import RequestLimits, _depth_above

JSON = {"content-type": "application/json"}
LIMITS = ServerSettings(max_body_bytes=2000, max_messages=5, max_depth=6)
SETTINGS = Settings(experts=priced_panel(), server=LIMITS)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('[]{}"\\x'),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('[]{}"\\'), inner, max_size=3)
    ),
    max_leaves=20,
)


async def post(here: Here, content: Any, **headers: str) -> tuple[int, str]:
    reply = await here.client.post(ASK, content=content, headers={**JSON, **headers})
    error = reply.json().get("error", {})
    return reply.status_code, error.get("code", "")


async def test_a_body_may_be_so_large_and_no_larger(tmp_path: Path) -> None:
    async with server(tmp_path, settings=SETTINGS) as here:
        for size in (2000, 2001):
            body = json.dumps({"task": "x" * (size - len('{"task": ""}'))}).encode()
            assert len(body) == size
            found = await post(here, body)
            assert (found[0] == 200) is (size == 2000)
    assert found == (413, "request_too_large")


async def test_without_a_length_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"x" * 500

    async with server(tmp_path, settings=SETTINGS) as here:
        found = await post(here, endless())

    assert found == (413, "request_too_large")
    assert given <= 6


@pytest.mark.parametrize("length", ["9" * 30, "2001"])
async def test_a_length_that_is_too_large_is_refused_unread(
    length: str, tmp_path: Path
) -> None:
    async with server(tmp_path, settings=SETTINGS) as here:
        found = await post(here, b"{}", **{"content-length": length})

    assert found == (413, "request_too_large")


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def app(*_: Any) -> None:
        raise AssertionError

    async def never() -> Any:
        await asyncio.Event().wait()

    limits = LIMITS.model_copy(update={"max_body_s": 0.01})
    scope = {"type": "http", "headers": [(b"content-length", b"9")]}
    with pytest.raises(Exception, match="did not arrive"):
        await RequestLimits(app, limits=limits)(scope, never, never)


async def test_a_body_that_breaks_off_is_nobodys_bad_request() -> None:
    async def app(*_: Any) -> None:
        raise AssertionError

    coming: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return coming.pop(0)

    with pytest.raises(RefusedError, match="went away") as refused:
        await RequestLimits(app, limits=LIMITS)(
            {"type": "http", "headers": []}, receive, app
        )
    assert (refused.value.status, refused.value.code) == (499, "disconnected")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"task": [[[[[1]]]]]}', ""),
        (b'{"task": [[[[[[1]]]]]]}', "nested_too_deeply"),
        (b'{"task": {"a":{"a":{"a":{"a":{"a":{}}}}}}}', "nested_too_deeply"),
        (b'{"task": "[[[[[[[[[[[["}', ""),
        (b'{"task": "\\"[[[[[[[["}', ""),
        (b"[" * 1900, "nested_too_deeply"),
        (b'{"task": NaN}', "not_json"),
        (b'{"task": ' + b"9" * 1900 + b"}", ""),
        (b'{"task": "\\ud800"}', "not_json"),
        (b'{"task": "\\ud83d\\ude00"}', ""),
        (b'{"task": "\xff"}', "not_json"),
        (b"{]", "not_json"),
        (b"task", "not_json"),
        (b'{"messages": [1, 2, 3, 4, 5], "task": ""}', ""),
        (b'{"messages": [1, 2, 3, 4, 5, 6]}', "too_many_messages"),
        (b'{"mess\\u0061ges": [1, 2, 3, 4, 5, 6]}', "too_many_messages"),
        (b'{"input": {"messages": [1, 2, 3, 4, 5, 6]}}', "too_many_messages"),
        (b'{"inputs": [{"messages": [1, 2, 3, 4, 5, 6]}]}', "too_many_messages"),
    ],
    ids=lambda found: str(found)[:32],
)
async def test_json_may_be_so_much_of_anything(
    body: bytes, code: str, tmp_path: Path
) -> None:
    async with server(tmp_path, settings=SETTINGS) as here:
        found = await post(here, body)

    assert found[1] == code or (not code and found[1] == "internal_error")
    assert not code or found[0] == 400


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(value=JSONS, most=st.integers(0, 6))
def test_depth_is_what_it_is_whatever_the_strings_hold(value: Any, most: int) -> None:
    assert _depth_above(json.dumps(value).encode(), most) == (depth_of(value) > most)


@pytest.mark.parametrize(
    "body",
    [
        b'"' * 10**6,
        b'\\"' * 500_000,
        b'"' + b"\\" * 10**6,
        b"[" * 10**6,
        b'"\\"' * 333_333,
    ],
    ids=["quotes", "escapes", "backslashes", "brackets", "mixed"],
)
def test_no_megabyte_takes_long(body: bytes) -> None:
    begun = time.process_time()
    _depth_above(body, 200)

    assert time.process_time() - begun < 5, "quadratic would be minutes"


@given(body=st.binary(max_size=60))
def test_any_bytes_have_a_depth_or_none(body: bytes) -> None:
    _depth_above(body, 3)
