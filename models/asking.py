"""Asking one expert: attempts, waits, the re-ask of a malformed reply, the bill."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    wait_none,
    wait_random_exponential,
)

from nsed.models.base import Expert, Message, Reply, Request
from nsed.models.failures import PASSING, CallError
from nsed.models.structured_reply import strip_reasoning
from nsed.protocol.errors import ExpertError
from nsed.protocol.ledger import Ledger
from nsed.protocol.usage import Usage

__all__ = ["QUOTED_CHARS", "Attempt", "Outcome", "ask", "most_attempts", "reask_of"]

T = TypeVar("T")

REASKS = 1
"""How often a malformed reply is sent back with the validation error."""
RUNGS = 3
"""How often a lower rung of the JSON ladder may be tried."""
QUOTED_CHARS = 1500
"""Most characters of a malformed reply that are quoted back."""
MOST_WAIT_S = 60
"""Longest wait a provider may ask for, in seconds."""


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


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What asking came to: a value, or the failure that ended it; and every attempt."""

    value: T | None
    failure: ExpertError | None
    attempts: tuple[Attempt, ...]


def most_attempts(*, retries: int, structured: bool) -> int:
    """Most calls `ask` makes for one question."""
    return 1 + retries + ((REASKS + RUNGS) if structured else 0)


def reask_of(request: Request, reply: str, complaint: str) -> Request:
    """Quote the reply and what is wrong with it, and ask again."""
    wrong = f"That reply cannot be used: {complaint[:QUOTED_CHARS]}. Reply again, "
    turns = (
        Message("assistant", reply[:QUOTED_CHARS]),
        Message("user", f"{wrong}JSON only."),
    )
    return replace(request, messages=(*request.messages, *turns))


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
    ledger = Ledger(attempts)
    made: list[Attempt] = []

    async def once(current: Request) -> T:
        if not ledger.admit():
            raise ExpertError("budget", "no further attempt fits under the caps")
        reply: Reply | None = None
        try:
            reply = await expert.reply(current)
            value = read(reply)
        except ExpertError as error:
            made.append(_attempt(current, reply, error))
            raise
        except asyncio.CancelledError:
            late = CallError("timeout", "cut off by the deadline of the run")
            made.append(_attempt(current, None, late))
            raise
        made.append(_attempt(current, reply, None))
        return value

    async def until_done() -> T:
        current = request
        async for turn in AsyncRetrying(
            retry=retry_if_exception(_Patience(retries).may_mend),
            wait=_wait(retry_wait_s),
            reraise=True,
        ):
            with turn:
                if made and made[-1].outcome == "malformed":
                    quoted = strip_reasoning(made[-1].reply)
                    current = reask_of(request, quoted, made[-1].error)
                return await once(current)
        raise AssertionError  # the loop returns or raises

    try:
        async with asyncio.timeout(deadline_s) as deadline:
            value = await until_done()
    except ExpertError as error:
        # Out of attempts: the failure that asked for one more is the true cause.
        last = made[-1] if made else None
        if error.kind == "budget" and last is not None:
            error = ExpertError(last.outcome, last.error)
        return Outcome(None, error, tuple(made))
    except TimeoutError:
        if not deadline.expired():
            raise  # not ours: a bug in the expert
        failed = [f"; before that: {a.error}" for a in made if a.outcome != "timeout"]
        words = f"the deadline of the run was reached{''.join(failed[-1:])}"
        return Outcome(None, ExpertError("timeout", words), tuple(made))
    return Outcome(value, None, tuple(made))


class _Patience:
    """Remembers what went wrong so far, to say whether asking again may help."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._failed: Counter[str] = Counter()

    def may_mend(self, error: BaseException) -> bool:
        if not isinstance(error, ExpertError):
            return False
        failed = self._failed
        failed[error.kind] += 1
        if error.kind in PASSING:
            return sum(failed[kind] for kind in PASSING) <= self._retries
        if error.kind == "unsupported":  # asking in the same way again is no use
            lower_rung = isinstance(error, CallError) and error.lower_rung
            return lower_rung and failed["unsupported"] <= RUNGS
        return error.kind == "malformed" and failed["malformed"] <= REASKS


def _attempt(
    request: Request, reply: Reply | None, error: ExpertError | None
) -> Attempt:
    tried = error.method if isinstance(error, CallError) else "text"
    return Attempt(
        request=request,
        reply=reply.text if reply else "",
        method=reply.method if reply else tried,
        outcome=error.kind if error else "ok",
        error=str(error) if error else "",
        usage=reply.usage if reply else Usage(calls=1),
    )


def _wait(first_s: float) -> Callable[[RetryCallState], float]:
    """Back off after passing failures; a re-ask has nothing to wait for."""
    if first_s <= 0:
        return wait_none()
    backoff = wait_random_exponential(multiplier=first_s, max=30)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, ExpertError) or error.kind not in PASSING:
            return 0.0
        wanted = error.retry_after_s if isinstance(error, CallError) else None
        return max(backoff(state), min(wanted or 0.0, MOST_WAIT_S))

    return wait
