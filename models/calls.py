"""The calls of one question: admitted one by one, made, and noted as they went."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from nsed.models.asking_again import finish_of, reask_of
from nsed.models.attempt import Attempt, answered, failed
from nsed.models.base import Expert, Reply, Request
from nsed.models.call_trace import traced
from nsed.models.failures import CallError
from nsed.models.hedging import Hedge, first_answer
from nsed.models.patience import Patience, wait_for
from nsed.models.structured_reply import strip_reasoning
from nsed.models.time_limit import TimeLimit
from nsed.protocol.errors import ExpertError
from nsed.protocol.ledger import Ledger

__all__ = ["Calls"]

T = TypeVar("T")


@dataclass
class Calls(Generic[T]):
    """The calls of one question: admitted, made and noted."""

    expert: Expert
    read: Callable[[Reply], T]
    ledger: Ledger
    limit: TimeLimit
    spare: Callable[[], bool]
    hedge: Hedge | None
    made: list[Attempt] = field(default_factory=list)
    no_use: str = ""
    """Why waiting for another try is no use, if it is not."""

    async def until_done(
        self, request: Request, patience: Patience, retry_wait_s: float
    ) -> T:
        """Ask, and ask again as long as that may help.

        Raises:
            ExpertError: The last failure.
        """
        current = request
        async for turn in AsyncRetrying(
            retry=retry_if_exception(patience.may_mend),
            wait=wait_for(retry_wait_s),
            stop=self._stop,
            reraise=True,
        ):
            with turn:
                current = self._next(request, current)
                return await self._once(current)
        raise AssertionError  # the loop returns or raises

    def _stop(self, state: RetryCallState) -> bool:
        """Whether the wait before the next try would outlast the time that is left."""
        left, wait = self.limit.left_s, state.upcoming_sleep
        if left is None or wait <= 0 or wait < left:
            return False
        self.no_use = (
            f"; {wait:.3g} s to wait before another try, {left:.3g} s are left"
        )
        return True

    def _next(self, request: Request, current: Request) -> Request:
        """What to ask now, after what the last call came to."""
        if not self.made:
            return request
        last = self.made[-1]
        if last.outcome == "malformed" and last.reply:
            return reask_of(request, strip_reasoning(last.reply), last.error)
        if last.outcome == "truncated" and last.reply and request.finish:
            return finish_of(request, strip_reasoning(last.reply))
        return current

    def _admit(self) -> bool:
        """Whether one more call fits; a lower rung of the ladder is no repetition.

        Nor is one that takes the place of a call that was lost with its process.
        """
        further = self.made and self.made[-1].outcome not in ("unsupported", "lost")
        return (
            self.ledger.left > 0
            and (not further or self.spare())
            and self.ledger.admit()
        )

    async def _once(self, request: Request) -> T:
        if not self._admit():
            raise ExpertError("budget", "no further attempt fits under the caps")
        if self.hedge is None:
            return await self._call(self.expert, request)
        return await first_answer(
            self._call(self.expert, request),
            partial(self._beside, self.hedge.expert, request),
            after_s=self.hedge.after_s,
        )

    def _beside(
        self, expert: Expert, request: Request
    ) -> Coroutine[Any, Any, T] | None:
        if self.ledger.left > 0 and self.spare() and self.ledger.admit():
            self.hedge = None  # one is enough
            return self._call(expert, request, replica=True)
        return None

    async def _call(
        self, expert: Expert, request: Request, *, replica: bool = False
    ) -> T:
        reply: Reply | None = None
        values: list[T] = []
        began = time.monotonic()

        async def answer() -> Reply:
            nonlocal reply
            reply = await expert.reply(request)
            whole = f"{request.lead}\n{reply.text}" if request.lead else reply.text
            values.append(self.read(replace(reply, text=whole)))
            return reply

        try:
            await traced(expert.config, request, answer, replica=replica)
        except ExpertError as error:
            self._note(request, reply, error, began, replica=replica)
            raise
        except asyncio.CancelledError:  # the call was made, whatever came of it
            late = CallError("cancelled", self._why_cut(), may_be_billed=True)
            self._note(request, None, late, began, replica=replica)
            raise
        self._note(request, reply, None, began, replica=replica)
        return values[0]

    def _note(
        self,
        request: Request,
        reply: Reply | None,
        error: ExpertError | None,
        began: float,
        *,
        replica: bool,
    ) -> None:
        if reply is not None:
            noted = answered(request, reply, error, replica=replica)
        else:
            noted = failed(
                request,
                error or ExpertError("cancelled", ""),
                took_s=time.monotonic() - began,
                prices=self.expert.config.prices,
                replica=replica,
            )
        self.made.append(noted)

    def _why_cut(self) -> str:
        if self.made and self.made[-1].outcome == "ok":
            return "the other endpoint answered first"
        return self.limit.why if self.limit.expired else "cancelled"

    def true_cause(self, error: ExpertError) -> ExpertError:
        """Out of attempts, the failure that asked for one more is the true cause."""
        if error.kind == "budget" and self.made:
            last = self.made[-1]
            return ExpertError(last.outcome, f"{last.error}; no further call is left")
        return (
            ExpertError(error.kind, f"{error}{self.no_use}") if self.no_use else error
        )

    def too_late(self) -> ExpertError:
        """The failure of whoever was cut off, with what had gone wrong before."""
        failed = [
            a.error for a in self.made if a.outcome not in ("cancelled", "timeout")
        ]
        before = f"; before that: {failed[-1]}" if failed else ""
        return ExpertError("timeout", f"{self.limit.why}{before}")
