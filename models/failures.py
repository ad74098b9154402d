"""The failure taxonomy: from any provider's exception to one word and its cause."""

import re
from collections.abc import Collection
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from time import time

from nsed.models.base import FailureKind
from nsed.protocol.errors import ExpertError
from nsed.state.expert_config import BallotMethod

__all__ = ["PASSING", "CallError", "classify", "redact"]

PASSING: frozenset[str] = frozenset(
    {"connection", "empty", "rate_limit", "server_error"}
)
"""Failures that a second try may mend."""

REFUSALS: frozenset[str] = frozenset(
    {"auth", "context_too_long", "model_gone", "rate_limit", "unsupported"}
)
"""Failures that a provider does not charge for."""

BY_STATUS: dict[int, FailureKind] = {
    400: "unsupported",
    401: "auth",
    402: "auth",
    403: "auth",
    404: "model_gone",
    405: "model_gone",
    408: "timeout",
    410: "model_gone",
    413: "context_too_long",
    415: "unsupported",
    422: "unsupported",
    429: "rate_limit",
    501: "unsupported",
}

BY_NAME: dict[str, FailureKind] = {
    "LengthFinishReason": "truncated",
    "ContentFilter": "content_filter",
    "Connect|Network|Protocol|Read": "connection",
}

_NO_CONNECTION = frozenset(
    {"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "PoolTimeout"}
)
_TOO_LONG = re.compile(
    r"context.{0,20}(length|size|window|limit)|too (long|many tokens)"
    r"|exceed.{0,40}context",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content.?(filter|policy)|safety", re.IGNORECASE)
_OUT_OF_MONEY = re.compile(r"insufficient.?quota|billing|credit balance", re.IGNORECASE)
_SECRET = re.compile(
    r"""(?ix)
    ( (?:bearer|basic) \s+
    | api [-_ ]? key ['"]? (?: \s*[:=]\s* | \s+provided:\s* ) ['"]?
    | [?&] (?:api_?)? (?:key|token|access_token|sig|signature|secret) =
    | (?<![a-z0-9]) (?:sk|pk|rk|key|gsk|hf|xai) [-_]
    ) [^\s'"&,;<>()]{4,}"""
)
_USER_INFO = re.compile(r"(?<=://)[^/\s@]+(?=@)")


class CallError(ExpertError):
    """A call that failed, with what is known of asking again.

    Attributes:
        method: How JSON was asked for.
        lower_rung: Whether the next call will ask for it in another way.
        retry_after_s: Seconds the provider wants us to wait, where it said so.
        latency_ms: How long the call itself took, without the wait for a place at the
            endpoint; None where that is not known.
        ended_at: Unix time at which the call had ended, if that is not now: another
            process made it.
        may_be_billed: Whether the provider may charge for it: it was at work, or its
            reply was lost or of no use. A refusal costs nothing.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        method: BallotMethod = "text",
        lower_rung: bool = False,
        retry_after_s: float | None = None,
        may_be_billed: bool = False,
    ) -> None:
        """Keep what is known beside the words."""
        self.method: BallotMethod = method
        self.lower_rung, self.retry_after_s = lower_rung, retry_after_s
        self.latency_ms: int | None = None
        self.ended_at: float | None = None
        self.may_be_billed = may_be_billed
        super().__init__(kind, message)


def classify(
    error: BaseException,
    *,
    method: BallotMethod = "text",
    secrets: Collection[str] = (),
) -> CallError:
    """Name what went wrong, with the cause in words and secrets removed."""
    if isinstance(error, CallError):
        return error
    if isinstance(error.__cause__, ExpertError):  # ours, wrapped by the client
        error = error.__cause__
    ours = isinstance(error, ExpertError)
    raw = str(error) if ours else f"{type(error).__name__}: {error}"
    words = redact(raw, secrets=secrets)
    kind = error.kind if isinstance(error, ExpertError) else _kind(error, words)
    return CallError(
        kind,
        words,
        method=method,
        retry_after_s=_retry_after_s(error),
        may_be_billed=kind not in REFUSALS and not _never_arrived(error),
    )


def redact(text: str, *, limit: int = 400, secrets: Collection[str] = ()) -> str:
    """Remove keys, fold white space and cut to `limit` characters.

    Args:
        text: What a provider, or its client, said.
        limit: Most characters to keep.
        secrets: Keys known to us; what merely looks like a key goes as well.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "[redacted]")
    text = _USER_INFO.sub("[redacted]", _SECRET.sub(r"\1[redacted]", text))
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", getattr(response, "status_code", None))
    return status if isinstance(status, int) else None


def _never_arrived(error: BaseException | None) -> bool:
    """Whether a call was refused with a status, or no connection came about."""
    while error is not None:
        if _status(error) is not None or type(error).__name__ in _NO_CONNECTION:
            return True
        error = error.__cause__ or error.__context__
    return False


def _kind(error: BaseException, words: str) -> FailureKind:
    name = type(error).__name__
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return "timeout"
    if (status := _status(error)) is not None:
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
    if status == HTTPStatus.TOO_MANY_REQUESTS and _OUT_OF_MONEY.search(words):
        return "auth"  # waiting does not help
    return BY_STATUS.get(status, "server_error")


def _retry_after_s(error: BaseException) -> float | None:
    """What `Retry-After` says: seconds, or a date."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None or not (said := headers.get("retry-after")):
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if isfinite(seconds) else None
