"""The failure taxonomy: from any provider's exception to one word and its cause."""

import re
from http import HTTPStatus

from nsed.models.base import FailureKind
from nsed.protocol.errors import ExpertError

__all__ = ["PASSING", "classify", "redact"]

PASSING: frozenset[str] = frozenset(
    {"connection", "empty", "rate_limit", "server_error"}
)
"""Failures that a second try may mend."""

BY_STATUS: dict[int, FailureKind] = {
    400: "unsupported",
    401: "auth",
    402: "auth",
    403: "auth",
    404: "model_gone",
    408: "timeout",
    410: "model_gone",
    413: "context_too_long",
    422: "unsupported",
    429: "rate_limit",
    501: "unsupported",
}

BY_NAME: dict[str, FailureKind] = {
    "LengthFinishReason": "truncated",
    "ContentFilter": "content_filter",
    "Connect|Network|Protocol|Read": "connection",
}

_TOO_LONG = re.compile(
    r"context.{0,20}(length|size|window|limit)|too (long|many tokens)"
    r"|exceed.{0,40}context",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content.?(filter|policy)|safety", re.IGNORECASE)
_SECRET = re.compile(
    r"(?i)(bearer\s+|api[-_ ]?key['\"]?\s*[:=]\s*['\"]?|(?<![a-z])(?:sk|pk|key)-)"
    r"[A-Za-z0-9._*-]{4,}"
)


def classify(error: BaseException) -> ExpertError:
    """Name what went wrong, with the cause in words and secrets removed."""
    if isinstance(error, ExpertError):
        return error
    words = redact(f"{type(error).__name__}: {error}")
    return ExpertError(_kind(error, words), words)


def redact(text: str, *, limit: int = 400) -> str:
    """Remove what looks like a key, fold white space and cut to `limit` characters."""
    folded = " ".join(_SECRET.sub(r"\1[redacted]", text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def _kind(error: BaseException, words: str) -> FailureKind:
    name = type(error).__name__
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return "timeout"
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", getattr(response, "status_code", None))
    if isinstance(status, int):
        return _by_status(status, words)
    # Providers name these alike, and share no base class we could import.
    for part, kind in BY_NAME.items():
        if re.search(part, name):
            return kind
    return "connection" if isinstance(error, OSError) else "server_error"


def _by_status(status: int, words: str) -> FailureKind:
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and _TOO_LONG.search(words):
        return "context_too_long"
    if refused and _FILTERED.search(words):
        return "content_filter"
    return BY_STATUS.get(status, "server_error")
