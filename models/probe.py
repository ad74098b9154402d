"""A probe: whether a model answers, asked in the way a run asks it."""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Literal, cast

from nsed.models.base import Expert, FailureKind, Message, Reply, Request
from nsed.models.cached_expert import CachedExpert
from nsed.models.failures import CallError, redact
from nsed.protocol.errors import ExpertError
from nsed.protocol.usage import Usage

__all__ = ["PROBE_TOKENS", "Probe", "probe"]

PROBE_TOKENS = 16
"""Output tokens of a probe; some of OpenAI's models refuse less."""
ALIVE = frozenset({"empty", "truncated"})
"""Failures of an expert that is up: with so few tokens, words are luck."""

_CUT_OFF = re.compile(r"could not finish the message", re.IGNORECASE)
"""How OpenAI refuses the reply of a model that was still thinking."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """How a probe went."""

    up: bool
    kind: FailureKind | Literal["ok"]
    reason: str
    """What went wrong, in words, without secrets; empty if nothing did."""
    latency_ms: int
    """Wall-clock time of the probe, its wait for a free place included."""
    usage: Usage
    """What it cost: a probe is a call like any other."""


async def probe(expert: Expert, *, timeout_s: float) -> Probe:
    """Ask a model for a word or two, through all that a run's calls go through.

    The response cache alone is passed by: it would answer for the dead.

    Args:
        expert: Whom to ask.
        timeout_s: Wall-clock limit of everything, in seconds: the wait for a free
            place and the start of a local server included.

    Returns:
        Whether it is up. A reply without words, or cut off, means that it is.

    Raises:
        ConfigError: It cannot be asked as configured.
    """
    if isinstance(expert, CachedExpert):
        expert = expert.inner
    request = Request(
        messages=(Message("user", "Reply with OK."),),
        max_output_tokens=PROBE_TOKENS,
        timeout_s=timeout_s,
    )
    started = time.monotonic()
    reply: Reply | None = None
    failure: ExpertError | None = None
    try:
        async with asyncio.timeout(timeout_s) as limit:
            reply = await expert.reply(request)
    except ExpertError as error:
        failure = error
    except TimeoutError:
        if not limit.expired():
            raise  # not ours: a bug in the expert
        failure = CallError("timeout", f"no answer within {timeout_s:g} s")
    return _outcome(reply, failure, round(1000 * (time.monotonic() - started)))


def _outcome(
    reply: Reply | None, failure: ExpertError | None, latency_ms: int
) -> Probe:
    reason = redact(str(failure)) if failure else ""
    up = failure is None or failure.kind in ALIVE or bool(_CUT_OFF.search(reason))
    return Probe(
        up=up,
        kind="ok" if up or failure is None else cast("FailureKind", failure.kind),
        reason=reason,
        latency_ms=latency_ms,
        usage=reply.usage if reply else Usage(calls=1),
    )
