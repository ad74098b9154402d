"""One call of an expert as it went, and what it is charged at."""

import time
from dataclasses import dataclass

from nsed.models.base import Reply, Request
from nsed.models.failures import CallError
from nsed.protocol.errors import ExpertError
from nsed.protocol.ledger import worst_case
from nsed.protocol.memory_text import token_estimate
from nsed.protocol.usage import Prices, Usage

__all__ = ["Attempt", "answered", "failed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call, as it went."""

    request: Request
    reply: str
    method: str
    outcome: str
    """`ok` or a failure kind."""
    error: str
    usage: Usage
    started_at: float = 0.0
    """Unix time at which the call began, in seconds; the wait for a place at its
    endpoint, where it is known, comes before that."""
    first_token_ms: int | None = None
    cached: bool = False
    """Whether nobody was asked: the reply is out of the response cache."""
    replica: bool = False
    """Whether the expert's second endpoint was asked, as a hedge."""
    at_most: Usage | None = None
    """Its worst case, where nobody knows what it used; caps count that."""


def answered(
    request: Request, reply: Reply, error: ExpertError | None, *, replica: bool = False
) -> Attempt:
    """Note a call that brought a reply, usable or not."""
    return Attempt(
        request=request,
        reply=reply.text,
        method=reply.method,
        outcome=error.kind if error else "ok",
        error=str(error) if error else "",
        usage=reply.usage,
        started_at=(reply.ended_at or time.time()) - reply.usage.latency_ms / 1000,
        first_token_ms=reply.first_token_ms,
        cached=reply.cached,
        replica=replica,
    )


def failed(
    request: Request,
    error: ExpertError,
    *,
    took_s: float,
    prices: Prices,
    replica: bool = False,
) -> Attempt:
    """Note a call without a reply.

    A provider may charge for what was cut off or lost on the way. Nobody knows what:
    the bill estimates the prompt, and says so, and the caps count the worst case.
    """
    call = error if isinstance(error, CallError) else None
    measured = call.latency_ms if call else None
    latency_ms = round(1000 * took_s) if measured is None else measured
    ended_at = (call.ended_at if call else None) or time.time()
    billed = call is not None and call.may_be_billed
    usage = _estimate(request, prices) if billed else Usage(calls=1)
    return Attempt(
        request=request,
        reply="",
        method=call.method if call else "text",
        outcome=error.kind,
        error=str(error),
        usage=usage + Usage(latency_ms=latency_ms),
        started_at=ended_at - latency_ms / 1000,
        replica=replica,
        at_most=worst_case(
            prompt_bytes=request.prompt_bytes,
            max_output_tokens=request.max_output_tokens,
            prices=prices,
        )
        if billed
        else None,
    )


def _estimate(request: Request, prices: Prices) -> Usage:
    prompt = token_estimate("".join(m.content for m in request.messages))
    cost = prices.nano_usd(input_tokens=prompt, output_tokens=0)
    return Usage(
        calls=1,
        input_tokens=prompt,
        nano_usd=cost or 0,
        unpriced_calls=int(cost is None),
        estimated_calls=1,
    )
