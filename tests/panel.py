"""A panel of scripted experts, and experts that fail on purpose."""

import asyncio
from collections.abc import Callable
from typing import Any

from nsed.models.base import Expert, Reply, Request
from nsed.models.hire import Hire
from nsed.models.scripted import ScriptedExpert, scripted
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Verdict
from nsed.state.run_record import RunRecord

__all__ = [
    "RIGHT",
    "Recorder",
    "deliberate",
    "panel",
    "settings_for",
    "verdict_of",
]

RIGHT = {"42": 80, "41": -60}
"""A reviewer who knows that 6 * 7 is 42."""


def panel() -> tuple[ExpertConfig, ...]:
    """Three experts: two right, one wrong at first and right in round 2."""
    return (
        scripted("ada", "6 * 7 = 42\nAnswer: 42", weights=RIGHT),
        scripted("bob", "Answer: 41", "You are right.\nAnswer: 42", weights=RIGHT),
        scripted("cy", "six sevens are 42\nAnswer: 42", weights=RIGHT),
    )


def settings_for(*experts: ExpertConfig, **knobs: Any) -> DeliberationConfig:
    """A context of scripted experts that never waits."""
    return DeliberationConfig(
        experts=experts or panel(), **{"retry_wait_s": 0, **knobs}
    )


class Recorder:
    """Hires scripted experts and keeps what they were asked."""

    def __init__(self, **instead: Callable[[Request], Any]) -> None:
        """Replace experts by name with a function of the request."""
        self.made: dict[str, Expert] = {}
        self.asked: list[tuple[str, Request]] = []
        self._instead = instead

    def __call__(self, config: ExpertConfig) -> Expert:
        if config.name not in self.made:
            self.made[config.name] = _Heard(config, self, self._instead)
        return self.made[config.name]


class _Heard:
    def __init__(self, config: ExpertConfig, book: Recorder, instead: Any) -> None:
        self.config = config
        self._book = book
        self._inner = ScriptedExpert(config)
        self._instead = instead.get(config.name)

    async def reply(self, request: Request) -> Reply:
        self._book.asked.append((self.config.name, request))
        if self._instead is not None:
            found = self._instead(request)
            if asyncio.iscoroutine(found):
                found = await found
            if found is not None:
                return found
        return await self._inner.reply(request)


async def deliberate(
    config: DeliberationConfig | None = None,
    *,
    hire: Any = None,
    graph: str = "deliberation",
    task: str = "What is 6 * 7?",
) -> RunRecord:
    """Run to the end and return the record."""
    run = Run(task, config or settings_for(), hire=hire or Hire(), graph=graph)
    async for _ in run.events():
        pass
    return await run.record()


async def verdict_of(config: DeliberationConfig, **options: Any) -> Verdict:
    """Run to the end and return the verdict."""
    return (await deliberate(config, **options)).verdict
