"""A request that has the wrong form, told in OpenAI's shape: which part, and why."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from nsed.protocol.errors import did_you_mean
from nsed.studio.chat_request import ChatRequest
from nsed.studio.refusal import RefusedError, error_reply

__all__ = ["no_such_thing", "wrong_form"]

_NAME_CHARS: Final = 64


async def wrong_form(_: Request, error: Exception) -> Response:
    """Say what is wrong with the first part that is; never repeat its value."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = _first(error.errors())
    unknown = first["type"] == "extra_forbidden"
    place = _place(first["loc"], last_is_a_name=unknown)
    name = _dotted(place)
    if unknown:
        top = len(place) == 1
        hint = did_you_mean(place[-1], list(ChatRequest.model_fields)) if top else ""
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


def _first(errors: Sequence[Any]) -> dict[str, Any]:
    """The first; of a value that may be of two kinds, what is wrong deepest in it."""
    place = _place(errors[0]["loc"])
    about: list[dict[str, Any]] = [
        one for one in errors if _place(one["loc"])[: len(place)] == place
    ]
    return max(about, key=lambda one: len(one["loc"]))


def _place(found: Sequence[str | int], *, last_is_a_name: bool = False) -> list[str]:
    """Where in the request it is: without what pydantic says of a union's branches.

    Args:
        found: As pydantic says it; where it is (`body`, `query`, …) comes first.
        last_is_a_name: Whether the client wrote the last part, whatever it looks like.
    """
    place = [str(part)[:_NAME_CHARS] for part in found[1:]]
    first, middle = place[:1], place[1:]
    last = [middle.pop()] if last_is_a_name and middle else []
    if first == ["response_format"]:
        del middle[:1]  # the kind, by which it is told apart
    middle = [part for part in middle if part != "str" and "[" not in part]
    return [*first, *middle, *last]


def _dotted(place: list[str]) -> str:
    """`messages[0].content`."""
    name = ""
    for part in place:
        if part.isdigit():
            name += f"[{part}]"
        else:
            name += f".{part}" if name else part
    return name
