"""How large a request may be: bytes, nesting, messages; checked before it is read."""

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nsed.config.server import ServerSettings
from nsed.studio.refusal import RefusedError

__all__ = ["RequestLimits"]

# Linear on any bytes: nothing is given back, and an open string ends with the text.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKET: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")
"""One level down, one level up, as signed bytes."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89abAB]")


class RequestLimits:
    """Takes a body in, up to a limit, and refuses JSON that is too much of anything.

    A body without a length (chunked) is cut off at the same number of bytes.
    """

    def __init__(self, app: ASGIApp, *, limits: ServerSettings) -> None:
        """Wrap an application."""
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            RefusedError: It is too large, too slow, or no JSON where it says it is.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = await self._body(headers, receive)
        if body and headers.get("content-type", "").startswith("application/json"):
            self._check(body)
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()  # the client goes away
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        most = self.limits.max_body_bytes
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > most:
            raise self._too_large()
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.limits.max_body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RefusedError(
                            499, "the client went away", code="disconnected"
                        )
                    part = message.get("body", b"")
                    size += len(part)
                    if size > most:
                        raise self._too_large()
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError as error:
            raise RefusedError(
                408, "the body did not arrive in time", code="request_timeout"
            ) from error

    def _too_large(self) -> RefusedError:
        return RefusedError(
            413,
            f"a body may have {self.limits.max_body_bytes:,} bytes",
            code="request_too_large",
            headers={"connection": "close"},
        )

    def _check(self, body: bytes) -> None:
        if _depth_above(body, self.limits.max_depth):
            raise RefusedError(
                400,
                f"the JSON is nested deeper than {self.limits.max_depth} levels",
                code="nested_too_deeply",
            )
        try:
            found = json.loads(body, parse_constant=_no_constant)
            if _SURROGATE.search(body):
                json.dumps(found, ensure_ascii=False).encode()
        except ValueError as error:  # also of texts that are no Unicode
            raise RefusedError(400, "the body is not JSON", code="not_json") from error
        most = self.limits.max_messages
        if any(len(messages) > most for messages in _messages(found)):
            raise RefusedError(
                400,
                f"a request may have {most:,} messages",
                code="too_many_messages",
            )


def _depth_above(body: bytes, most: int) -> bool:
    """Whether brackets outside of strings are nested deeper."""
    brackets = _STRING.sub(b"", body).translate(_STEPS, _NO_BRACKET)
    depths = np.cumsum(np.frombuffer(brackets, dtype=np.int8), dtype=np.int64)
    return bool(depths.size) and int(depths.max()) > most


def _messages(found: object) -> list[list[Any]]:
    """Every list of messages, wherever a door may take one from."""
    waiting, lists = [found], []
    while waiting:
        one = waiting.pop()
        inside: Iterable[object] = one if isinstance(one, list) else ()
        if isinstance(one, dict):
            inside = one.values()
            if isinstance(messages := one.get("messages"), list):
                lists.append(messages)
        waiting += [each for each in inside if isinstance(each, dict | list)]
    return lists


def _no_constant(name: str) -> float:
    msg = f"{name} is not JSON"
    raise ValueError(msg)
