"""How a request can fail, by status: for the OpenAPI document of the routes."""

from typing import Any, Final

from nsed.studio.chat_response import ErrorBody

__all__ = ["failing_with"]

_WORDS: Final = {
    400: "Something is not as it should be, or not supported; `param` names it.",
    401: "No key, or one that is not known.",
    403: "This key may not do that, or a page of another site asks.",
    404: "There is no such model.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    421: "This server does not go by that name.",
    422: "The limits cannot carry it, or the Idempotency-Key was used before.",
    429: "Too many runs, or the budget of this key is spent.",
    500: "A fault of this server; its log has the number.",
    502: "Too few experts answered, or none in the form that was asked for.",
    503: "The server is not ready for this, or the run was given up.",
}


def failing_with(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document these statuses; all have a body of the same shape."""
    return {
        status: {"model": ErrorBody, "description": _WORDS[status]}
        for status in statuses
    }
