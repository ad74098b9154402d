"""A request that has the wrong form, told in OpenAI's shape: which part, and why."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nsed.protocol.errors import did_you_mean
from nsed.studio.chat_request import ChatRequest
from nsed.studio.refusal import RefusedError, error_reply

__all__ = ["no_such_thing", "wrong_form"]


async def wrong_form(_: Request, error: Exception) -> Response:
    """Say what is wrong with the first part that is; never repeat its value."""
    if not isinstance(error, RequestValidationError):
        raise error
    first: dict[str, Any] = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("body", "query")]
    name = _dotted(place)
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(place[-1], list(ChatRequest.model_fields))
        return RefusedError(
            400,
            f"unknown parameter: {name}.{hint}",
            code="unknown_parameter",
            param=name,
        ).reply()
    code = "missing_parameter" if first["type"] == "missing" else "invalid_value"
    message = f"{name}: {first['msg']}" if name else str(first["msg"])
    return RefusedError(400, message, code=code, param=name or None).reply()


async def no_such_thing(_: Request, error: Exception) -> Response:
    """A path or a method that does not exist."""
    if not isinstance(error, HTTPException):
        raise error
    return error_reply(
        error.status_code,
        str(error.detail),
        code="not_found" if error.status_code == 404 else "not_allowed",  # noqa: PLR2004
        type_="invalid_request_error",
        headers=error.headers,
    )


def _dotted(place: list[str]) -> str:
    """`messages[0].content`."""
    name = ""
    for part in place:
        if part.isdigit():
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    return name
