"""Where an expert stands right now: up, down, or not to be asked at all, and why."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from nsed.models.hire import Hire, api_key_of
from nsed.models.probe import probe
from nsed.protocol.errors import ConfigError, WeightError
from nsed.protocol.usage import Usage
from nsed.state.expert_config import ExpertConfig

__all__ = ["Standing", "standings"]

State = Literal["up", "down", "no key", "no weights", "not ready"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a probe found."""

    state: State
    """`no key`, `no weights` and `not ready` (another fault of the configuration): it
    was not asked."""
    kind: str = ""
    """Of a failure, one word of the failure taxonomy."""
    reason: str = ""
    """What went wrong, in words, without secrets."""
    latency_ms: int | None = None
    """Of the probe; None where there was none."""
    usage: Usage = field(default_factory=Usage)
    """What the probe cost."""


async def standings(
    experts: Iterable[ExpertConfig],
    *,
    timeout_s: float,
    tell: Callable[[str], object] = str,
) -> dict[str, Standing]:
    """Probe experts, all at the same time. Nothing is fetched; no failure is raised.

    Args:
        experts: Whom.
        timeout_s: Wall-clock limit of each probe, in seconds.
        tell: Called with each name when its probe is over.

    Returns:
        By name, in order of `experts`.
    """
    hire = Hire()

    async def one(expert: ExpertConfig) -> Standing:
        found = await _standing(hire, expert, timeout_s)
        tell(expert.name)
        return found

    try:
        async with asyncio.TaskGroup() as tasks:
            asked = {e.name: tasks.create_task(one(e)) for e in experts}
        return {name: task.result() for name, task in asked.items()}
    finally:
        await hire.aclose()


async def _standing(hire: Hire, expert: ExpertConfig, timeout_s: float) -> Standing:
    try:
        await asyncio.to_thread(api_key_of, expert)
    except ConfigError as error:
        return Standing(state="no key", reason=str(error))
    try:
        await hire.check([expert])
        found = await probe(hire(expert), timeout_s=timeout_s)
    except WeightError as error:
        return Standing(state="no weights", reason=str(error))
    except ConfigError as error:
        return Standing(state="not ready", reason=str(error))
    return Standing(
        state="up" if found.up else "down",
        kind="" if found.up else found.kind,
        reason="" if found.up else found.reason,
        latency_ms=found.latency_ms,
        usage=found.usage,
    )
