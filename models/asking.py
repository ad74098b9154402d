"""Asking one expert: attempts, waits, the re-ask of a malformed reply, the bill."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from nsed.models.attempt import Attempt
from nsed.models.base import Expert, Reply, Request
from nsed.models.calls import Calls
from nsed.models.hedging import Hedge
from nsed.models.patience import Patience
from nsed.models.time_limit import TimeLimit
from nsed.protocol.errors import ExpertError
from nsed.protocol.ledger import Ledger

__all__ = ["Outcome", "ask"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What asking came to: a value, or the failure that ended it; and every attempt."""

    value: T | None
    failure: ExpertError | None
    attempts: tuple[Attempt, ...]


async def ask(
    expert: Expert,
    request: Request,
    read: Callable[[Reply], T],
    *,
    attempts: int,
    retries: int,
    retry_wait_s: float,
    limit: TimeLimit | None = None,
    spare: Callable[[], bool] | None = None,
    hedge: Hedge | None = None,
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
        limit: Until when, over all attempts; whoever holds it may move it.
        spare: Takes one of the further calls that the run has left, if there is one;
            by default there always is.
        hedge: Whom to ask as well if a call takes long.

    Returns:
        The outcome. Failures of the expert are values, never exceptions, so that
        one of them cannot end a run; anything else is a bug and is raised.
    """
    limit = limit or TimeLimit()
    calls = Calls(expert, read, Ledger(attempts), limit, spare or _plenty, hedge)
    try:
        async with limit:
            value = await calls.until_done(request, Patience(retries), retry_wait_s)
    except ExpertError as error:
        return Outcome(None, calls.true_cause(error), tuple(calls.made))
    except TimeoutError:
        if not limit.expired:
            raise  # not ours: a bug in the expert
        return Outcome(None, calls.too_late(), tuple(calls.made))
    return Outcome(value, None, tuple(calls.made))


def _plenty() -> bool:
    return True
