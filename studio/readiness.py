"""Whether a run could be made now: the models it would ask are asked for a word."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from nsed.models.hire import Hire
from nsed.models.probe import probe
from nsed.protocol.errors import ConfigError, WeightError
from nsed.protocol.usage import NANO_USD
from nsed.seated import seated
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["ExpertReadiness", "Readiness", "ReadinessCheck"]


class ExpertReadiness(BaseModel):
    """One expert."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    up: bool
    reason: str
    """Why not; empty if it is up."""
    latency_ms: int


class Readiness(BaseModel):
    """All that a run may ask."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: Literal["ready", "degraded", "unready"]
    """`degraded`: somebody is missing, but a run can be made; `unready`: it cannot."""
    experts: list[ExpertReadiness]
    usd: float | None
    """What asking cost; null where a price is unknown."""
    age_s: float
    """How old this is, in seconds."""


@dataclass
class ReadinessCheck:
    """Probes the models, and remembers: asking costs a few tokens."""

    hire: Hire
    config: DeliberationConfig
    keep_s: float = 60.0
    """How long it is remembered that all are up."""
    keep_down_s: float = 10.0
    """How long it is remembered that somebody is not."""
    timeout_s: float = 10.0
    now: Callable[[], float] = time.monotonic
    _last: tuple[float, Readiness] | None = None
    _asking: asyncio.Task[None] | None = None

    async def __call__(self) -> Readiness:
        """Say how it stands, or stood a short while ago.

        Whoever comes while models are asked gets the same answer; whoever goes away
        does not end that.
        """
        if self._asking is None and not self._fresh():
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            await asyncio.shield(self._asking)
        if self._last is None:
            raise AssertionError
        at, found = self._last
        return found.model_copy(update={"age_s": round(self.now() - at, 3)})

    async def aclose(self) -> None:
        """Ask nobody any more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def _fresh(self) -> bool:
        if self._last is None:
            return False
        at, found = self._last
        keep_s = self.keep_s if found.status == "ready" else self.keep_down_s
        return self.now() - at < keep_s

    async def _ask(self) -> None:
        try:
            found = await self._probed()
            self._last = (self.now(), found)
        finally:
            self._asking = None

    async def _probed(self) -> Readiness:
        experts = seated(self.config, "deliberation")
        found = await asyncio.gather(*map(self._one, experts))
        up = {one.name for one, _ in found if one.up}
        proposers = set(self.config.proposers or (e.name for e in self.config.experts))
        able = len(up & proposers) >= self.config.quorum
        whole = len(up) == len(experts)
        nano = [cost for _, cost in found]
        return Readiness(
            status="unready" if not able else "ready" if whole else "degraded",
            experts=[one for one, _ in found],
            usd=None if None in nano else sum(c or 0 for c in nano) / NANO_USD,
            age_s=0.0,
        )

    async def _one(self, expert: ExpertConfig) -> tuple[ExpertReadiness, int | None]:
        try:
            await self.hire.check([expert])
            found = await probe(self.hire(expert), timeout_s=self.timeout_s)
        except (ConfigError, WeightError) as error:
            down = ExpertReadiness(
                name=expert.name, up=False, reason=str(error), latency_ms=0
            )
            return down, 0
        cost = None if found.usage.unpriced_calls else found.usage.nano_usd
        return (
            ExpertReadiness(
                name=expert.name,
                up=found.up,
                reason=found.reason,
                latency_ms=found.latency_ms,
            ),
            cost,
        )
