"""An expert whose calls are on file before and after: none is made a second time."""

import time
from dataclasses import dataclass, replace

from nsed.models.base import Expert, Reply, Request
from nsed.models.cached_expert import request_key
from nsed.models.call_log import CallLog, Ended, LoggedCall
from nsed.models.failures import CallError
from nsed.protocol.errors import ExpertError
from nsed.state.expert_config import ExpertConfig

__all__ = ["LoggedExpert"]


@dataclass(frozen=True)
class LoggedExpert:
    """Repeats what the log of the run holds, and asks for what it does not.

    Whoever asks gets the same replies and failures in the same order as the process
    that was killed, and goes on from there. A call that was sent and has no end on file
    is a failure of the kind `lost`: it may have been charged, so it counts.
    """

    inner: Expert
    log: CallLog

    @property
    def config(self) -> ExpertConfig:
        """The expert's configuration."""
        return self.inner.config

    async def reply(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            ExpertError: As the expert does, or did; or `lost`.
        """
        key = request_key(self.config, request)
        earlier = self.log.take(key)
        if earlier is not None:
            return _repeat(earlier)
        number = await self.log.sent(key)
        try:
            reply = await self.inner.reply(request)
        except ExpertError as failure:
            await self.log.ended(number, Ended(failure, time.time()))
            raise
        await self.log.ended(number, Ended(reply, time.time()))
        return reply


def _repeat(call: LoggedCall) -> Reply:
    if call.ended is None:
        lost = CallError(
            "lost",
            "the process ended while this call was at work; it may have been charged",
            may_be_billed=True,
        )
        lost.latency_ms, lost.ended_at = 0, call.sent_at
        raise lost
    outcome, at = call.ended.outcome, call.ended.at
    if isinstance(outcome, Reply):
        return replace(outcome, ended_at=at)
    if isinstance(outcome, CallError):
        outcome.ended_at = at
    raise outcome
