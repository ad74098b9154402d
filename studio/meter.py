"""What one run owes at most, from call to call: whatever happens to it afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field

from nsed.models.base import Expert, Reply, Request
from nsed.models.failures import CallError
from nsed.models.hire import Hire
from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import NsedError
from nsed.protocol.ledger import worst_case
from nsed.protocol.usage import Usage, total_usage
from nsed.state.expert_config import ExpertConfig

__all__ = ["Meter", "MeteredExpert"]


@dataclass
class Meter:
    """Counts a call at its worst case from before it is made until its end is known.

    So a run that is cancelled, or whose process ends, owes what its calls can have
    cost, as the ledger's caps count them.
    """

    note: Callable[[int], Awaitable[None]] | None = None
    """Puts the nano-dollars owed on file; None: nowhere."""
    ended: Usage = field(default_factory=Usage)
    """Of calls whose end is known."""
    _at_work: dict[int, Usage] = field(default_factory=dict)
    _number: int = 0
    _noted: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def owed(self) -> Usage:
        """The most that all calls so far can have cost."""
        return total_usage((self.ended, *self._at_work.values()))

    def hire(self, hire: Hiring) -> Hiring:
        """Hire experts whose calls are counted."""
        if isinstance(hire, Hire):  # the graph lets it check experts, too
            return _MeteredHire(hire, self)
        return lambda config: MeteredExpert(hire(config), self)

    async def begin(self, worst: Usage) -> int:
        """Count a call that is about to be made, and put that on file.

        Returns:
            Its number, for `end`.
        """
        self._number += 1
        number = self._number
        self._at_work[number] = worst
        try:
            await self._put_on_file()
        except BaseException:
            del self._at_work[number]
            raise
        return number

    def end(self, number: int, usage: Usage) -> None:
        """Count what it came to. On file it stays the worst case for the moment."""
        del self._at_work[number]
        self.ended += usage

    async def _put_on_file(self) -> None:
        """One writing does for all calls that begin at the same time."""
        if self.note is None or self.owed.nano_usd <= self._noted:
            return
        async with self._turn:
            await asyncio.sleep(0)  # the others of a phase begin now, too
            if (owed := self.owed.nano_usd) > self._noted:
                await self.note(owed)
                self._noted = owed


@dataclass(frozen=True)
class MeteredExpert:
    """An expert whose calls are counted."""

    inner: Expert
    meter: Meter

    @property
    def config(self) -> ExpertConfig:
        """The expert's configuration."""
        return self.inner.config

    async def reply(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            ExpertError: As the expert does.
            NsedError: What is owed cannot be put on file; nobody was asked.
        """
        worst = worst_case(
            prompt_bytes=request.prompt_bytes,
            max_output_tokens=request.max_output_tokens,
            prices=self.config.prices,
        )
        number = await self.meter.begin(worst)
        try:
            reply = await self.inner.reply(request)
        except NsedError as error:
            if not (isinstance(error, CallError) and error.may_be_billed):
                self.meter.end(number, Usage())
            raise
        self.meter.end(number, reply.usage)
        return reply


class _MeteredHire(Hire):
    """A hire whose experts are counted; all else is the other one's."""

    def __init__(self, inner: Hire, meter: Meter) -> None:
        super().__init__()
        self.inner, self.meter = inner, meter

    def __call__(self, config: ExpertConfig) -> Expert:
        return MeteredExpert(self.inner(config), self.meter)

    async def check(self, configs: Iterable[ExpertConfig]) -> None:
        await self.inner.check(configs)

    async def reachable(
        self,
        configs: Iterable[ExpertConfig],
        *,
        timeout_s: float = 2.0,
        patient_with: Collection[str] = (),
    ) -> dict[str, str]:
        return await self.inner.reachable(
            configs, timeout_s=timeout_s, patient_with=patient_with
        )
