"""A request that is not served, and the reply that says so in OpenAI's shape."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from starlette.responses import Response

from nsed.protocol.errors import NsedError

__all__ = ["RefusedError", "error_reply"]


@dataclass(eq=False)
class RefusedError(NsedError):
    """Raised anywhere on the way of a request; its words are for whoever asks."""

    status: int
    message: str
    code: str
    type: str = "invalid_request_error"
    retry_after_s: float | None = None
    """When to ask again; None: asking again is no use, or nobody knows."""
    param: str | None = None
    """The parameter of the request it is about."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Be an exception with words."""
        super().__init__(self.message)

    def reply(self) -> Response:
        """What the client gets."""
        headers = dict(self.headers)
        if self.retry_after_s is not None:
            headers["retry-after"] = str(max(1, ceil(self.retry_after_s)))
        return error_reply(
            self.status,
            self.message,
            code=self.code,
            type_=self.type,
            param=self.param,
            headers=headers,
        )


def error_reply(
    status: int,
    message: str,
    *,
    code: str,
    type_: str,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as OpenAI's clients expect it."""
    error: dict[str, Any] = {
        "message": message,
        "type": type_,
        "param": param,
        "code": code,
    }
    return Response(
        json.dumps({"error": error}),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )
