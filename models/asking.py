"""Asking one expert: attempts, waits, the re-ask of a malformed reply, the bill."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from tenacity import AsyncRetrying, retry_if_exception

from nsed.models.base import Expert, Message, Reply, Request
from nsed.models.failures import CallError
from nsed.models.patience import LOSSES, REASKS, RUNGS, Patience, wait_for
from nsed.models.structured_reply import strip_reasoning
from nsed.protocol.errors import ExpertError
from nsed.protocol.ledger import Ledger
from nsed.protocol.usage import Usage

__all__ = [
    "QUOTED_CHARS",
    "Attempt",
    "Outcome",
    "ask",
    "finish_of",
    "most_attempts",
    "reask_of",
]

T = TypeVar("T")

QUOTED_CHARS = 1500
"""Most characters of a reply that are quoted back."""
FINISH_TOKENS = 64
"""Most output tokens of an answer that is asked for once more."""


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


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What asking came to: a value, or the failure that ended it; and every attempt."""

    value: T | None
    failure: ExpertError | None
    attempts: tuple[Attempt, ...]


def most_attempts(*, retries: int, structured: bool) -> int:
    """Most calls `ask` makes for one question."""
    return 1 + retries + REASKS + LOSSES + (RUNGS if structured else 0)


def reask_of(request: Request, reply: str, complaint: str) -> Request:
    """Quote the reply and what is wrong with it, and ask again."""
    wrong = f"That reply cannot be used: {complaint[:QUOTED_CHARS]}. Reply again, "
    turns = (
        Message("assistant", reply[:QUOTED_CHARS]),
        Message("user", f"{wrong}JSON only."),
    )
    return replace(request, messages=(*request.messages, *turns))


def finish_of(request: Request, reply: str) -> Request:
    """Show a model the end of what it was cut off at, and ask for the answer only."""
    turns = (
        Message("assistant", reply[-QUOTED_CHARS:]),
        Message("user", request.finish),
    )
    return replace(
        request,
        messages=(*request.messages, *turns),
        max_output_tokens=min(FINISH_TOKENS, request.max_output_tokens),
        lead=reply,
    )


async def ask(
    expert: Expert,
    request: Request,
    read: Callable[[Reply], T],
    *,
    attempts: int,
    retries: int,
    retry_wait_s: float,
    deadline_s: float | None = None,
) -> Outcome[T]:
    """Ask until there is a usable reply or no reason to go on.

    Args:
        expert: Whom to ask.
        request: What to ask.
        read: Turns a reply into a value, or raises `ExpertError("malformed", …)`.
        attempts: Calls the ledger granted; never exceeded.
        retries: Further calls after failures that may pass.
        retry_wait_s: Wait before the first retry; doubles, with jitter, and is no
            shorter than the provider asks for. 0: never wait.
        deadline_s: Seconds left of the run, over all attempts.

    Returns:
        The outcome. Failures of the expert are values, never exceptions, so that
        one of them cannot end a run; anything else is a bug and is raised.
    """
    calls = _Calls(expert, read, attempts)
    try:
        async with asyncio.timeout(deadline_s) as deadline:
            value = await calls.until_done(request, Patience(retries), retry_wait_s)
    except ExpertError as error:
        return Outcome(None, calls.true_cause(error), tuple(calls.made))
    except TimeoutError:
        if not deadline.expired():
            raise  # not ours: a bug in the expert
        return Outcome(None, calls.too_late(), tuple(calls.made))
    return Outcome(value, None, tuple(calls.made))


class _Calls(Generic[T]):
    """The calls of one question: admitted, made and noted."""

    def __init__(
        self, expert: Expert, read: Callable[[Reply], T], attempts: int
    ) -> None:
        self._expert, self._read = expert, read
        self._ledger = Ledger(attempts)
        self.made: list[Attempt] = []

    async def until_done(
        self, request: Request, patience: Patience, retry_wait_s: float
    ) -> T:
        current = request
        async for turn in AsyncRetrying(
            retry=retry_if_exception(patience.may_mend),
            wait=wait_for(retry_wait_s),
            reraise=True,
        ):
            with turn:
                current = self._next(request, current)
                return await self._once(current)
        raise AssertionError  # the loop returns or raises

    def _next(self, request: Request, current: Request) -> Request:
        """What to ask now, after what the last call came to."""
        if not self.made:
            return request
        last = self.made[-1]
        if last.outcome == "malformed":
            return reask_of(request, strip_reasoning(last.reply), last.error)
        if last.outcome == "truncated" and request.finish:
            return finish_of(request, strip_reasoning(last.reply))
        return current

    async def _once(self, request: Request) -> T:
        if not self._ledger.admit():
            raise ExpertError("budget", "no further attempt fits under the caps")
        reply: Reply | None = None
        began = time.monotonic()
        try:
            reply = await self._expert.reply(request)
            whole = f"{request.lead}\n{reply.text}" if request.lead else reply.text
            value = self._read(replace(reply, text=whole))
        except ExpertError as error:
            self.made.append(_attempt(request, reply, error, began))
            raise
        except asyncio.CancelledError:  # the call was made, whatever came of it
            late = CallError("timeout", "cut off by the deadline of the run")
            self.made.append(_attempt(request, None, late, began))
            raise
        self.made.append(_attempt(request, reply, None, began))
        return value

    def true_cause(self, error: ExpertError) -> ExpertError:
        """Out of attempts, the failure that asked for one more is the true cause."""
        if error.kind != "budget" or not self.made:
            return error
        return ExpertError(self.made[-1].outcome, self.made[-1].error)

    def too_late(self) -> ExpertError:
        failed = [a.error for a in self.made if a.outcome != "timeout"]
        before = f"; before that: {failed[-1]}" if failed else ""
        words = f"the deadline of the run was reached{before}"
        return ExpertError("timeout", words)


def _attempt(
    request: Request, reply: Reply | None, error: ExpertError | None, began: float
) -> Attempt:
    tried = error.method if isinstance(error, CallError) else "text"
    usage = reply.usage if reply else Usage(calls=1, latency_ms=_took(error, began))
    ended_at = getattr(reply or error, "ended_at", None) or time.time()
    return Attempt(
        request=request,
        reply=reply.text if reply else "",
        method=reply.method if reply else tried,
        outcome=error.kind if error else "ok",
        error=str(error) if error else "",
        usage=usage,
        started_at=ended_at - usage.latency_ms / 1000,
        first_token_ms=reply.first_token_ms if reply else None,
        cached=reply.cached if reply else False,
    )


def _took(error: ExpertError | None, began: float) -> int:
    """Milliseconds of a call without a reply; as measured by who made it, if it was."""
    measured = error.latency_ms if isinstance(error, CallError) else None
    return round(1000 * (time.monotonic() - began)) if measured is None else measured
