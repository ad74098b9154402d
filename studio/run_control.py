"""What an owner may do with a run: ask, stop, cancel, resume, decide, fork."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nsed.known_run import KnownRun
from nsed.nodes.human_review import decided
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision, HumanQuestion
from nsed.studio.admission import Admission, Caller
from nsed.studio.event_log import EventLog
from nsed.studio.live_run import LiveRun
from nsed.studio.run_errors import WrongStateError
from nsed.studio.run_service import RunService
from nsed.studio.standing import FoundRun, Standing, find_run, standing
from nsed.taking_up import child_of, require_this_version, with_knobs

__all__ = ["FORK_KNOBS", "RunControl"]

FORK_KNOBS: Final = (
    "rounds",
    "rule",
    "gamma",
    "kappa",
    "margin",
    "effort",
    "guess",
    "verify",
    "rate",
    "fatigue",
    "memory_tokens",
    "use_skill",
    "plausible_wrong_answers",
    "trim",
    "family_cap",
    "human_review",
    "seed",
)
"""Knobs that a fork may set: none that chooses experts, places or limits of money."""

_INSTEAD: Final = {
    "running": "it is at work",
    "waiting": "it waits for a decision",
    "finished": "it is finished; a fork begins another one from there",
    "failed": "it has failed; a fork begins another one from there",
    "cancelled": "it was given up; resume it first",
    "open": "it is not at work here; resume it first",
}


@dataclass(frozen=True)
class RunControl:
    """One caller's hold on his runs. A run of somebody else is not there at all."""

    service: RunService
    admission: Admission
    caller: Caller

    def presets(self) -> list[str | None]:
        """Names of those that the caller may ask with; None, the first: without."""
        every = (None, *sorted(self.service.settings.presets))
        return [preset for preset in every if self.caller.may_use(preset)]

    async def find(self, run_id: str) -> FoundRun:
        """Find a run.

        Raises:
            RunNotFoundError: There is none for this caller.
        """
        return await find_run(self.service, run_id, self.caller.name)

    async def standing(self, run_id: str) -> Standing:
        """How a run stands."""
        return await standing(self.service, await self.find(run_id))

    async def ask(self, task: str, preset: str | None) -> LiveRun:
        """Begin a run.

        Raises:
            ConfigError: There is no such preset.
        """
        config = self.service.settings.config(preset=preset)
        entering = self.admission.enter(self.caller, config, preset=preset)
        async with entering as granted:
            return self.service.begin(
                task, granted.config, owner=self.caller.name, granted=granted
            )

    async def stop(self, run_id: str) -> Standing:
        """End a run with its best answer so far.

        Raises:
            WrongStateError: It is not at work here, and does not wait either.
        """
        found = await self.find(run_id)
        if found.live is not None and not found.live.over:
            await found.live.stop()
            return await self.standing(run_id)
        now = await standing(self.service, found)
        if now.state != "waiting":
            raise _wrong("stopped", now)
        live = await self.decide(run_id, HumanDecision(action="stop"))
        await live.wait()
        return await self.standing(run_id)

    async def cancel(self, run_id: str) -> Standing:
        """Give a run up; it can be resumed.

        Raises:
            WrongStateError: It is not at work here.
        """
        found = await self.find(run_id)
        if found.live is None or found.live.over:
            raise _wrong("cancelled", await standing(self.service, found))
        await found.live.cancel()
        return await self.standing(run_id)

    async def resume(self, run_id: str) -> Standing:
        """Go on with a run whose process ended, or that was given up.

        One that waits goes on waiting: what it needs is a decision.

        Raises:
            WrongStateError: It is at work, or over, or another version's.
        """
        found = await self.find(run_id)
        now = await standing(self.service, found)
        if now.state == "waiting":
            return now
        self._require_idle(found, now)
        await self._go_on(found)
        return await self.standing(run_id)

    async def decide(self, run_id: str, decision: HumanDecision) -> LiveRun:
        """Answer what a run asks, and go on with it.

        Raises:
            ConfigError: The decision does not fit the question.
            WrongStateError: It asks nothing.
        """
        found = await self.find(run_id)
        now = await standing(self.service, found)
        question = await self.question(found, now)
        if question is None:
            raise _wrong("decided on", now)
        decided(decision, question)
        self._require_version(found.known)
        return await self._go_on(found, decision)

    async def question(self, found: FoundRun, now: Standing) -> HumanQuestion | None:
        """What a run waits for its owner to decide."""
        if now.state != "waiting":
            return None
        if found.live is not None:
            return found.live.question
        return await self.service.history.question(found.known)

    async def fork(
        self, run_id: str, from_round: int, knobs: Mapping[str, Any]
    ) -> LiveRun:
        """Begin another run where this one stood before a round.

        Raises:
            ConfigError: A knob is wrong, or the run has not come so far.
        """
        known = (await self.find(run_id)).known
        self._require_version(known)
        _require_allowed(knobs)
        config = with_knobs(known.config, knobs, called="knobs.{}")
        preset = self._preset_of(known.config)
        entering = self.admission.enter(self.caller, config, preset=preset)
        async with entering as granted:
            child = child_of(known, granted.config, from_round=from_round)
            await self.service.fork(known, child, from_round=from_round)
            return self.service.go_on(
                child, granted.config, granted=granted, log=EventLog()
            )

    async def _go_on(
        self, found: FoundRun, decision: HumanDecision | None = None
    ) -> LiveRun:
        known = found.known
        preset = self._preset_of(known.config)
        entering = self.admission.enter(self.caller, known.config, preset=preset)
        async with entering as granted:
            # A decision is on what was asked when it was looked at, and on no more.
            if self.service.live(known.id, self.caller.name) is not found.live:
                raise WrongStateError("the run has gone on in the meantime")
            return self.service.go_on(
                known, granted.config, decision=decision, granted=granted
            )

    def _preset_of(self, config: DeliberationConfig) -> str | None:
        """By which preset a run was begun, as far as its settings tell."""
        settings = self.service.settings
        for preset in (None, *settings.presets):
            try:
                made = settings.config(preset=preset)
            except ConfigError:
                continue
            if made.model_copy(update={"max_usd": config.max_usd}) == config:
                return preset
        return None

    def _require_idle(self, found: FoundRun, now: Standing) -> None:
        """Raise unless a run has begun, is not over, and nobody is at work at it."""
        live = found.live
        idle = live.resumable if live else now.state == "open" and not now.held
        if not idle:
            raise _wrong("resumed", now)
        self._require_version(found.known)

    @staticmethod
    def _require_version(known: KnownRun) -> None:
        try:
            require_this_version(known)
        except ConfigError as error:
            raise WrongStateError(str(error)) from error


def _wrong(what: str, now: Standing) -> WrongStateError:
    instead = f"it is open, and {now.reason}" if now.held else _INSTEAD[now.state]
    return WrongStateError(f"the run cannot be {what}: {instead}")


def _require_allowed(knobs: Mapping[str, Any]) -> None:
    problems = [
        f"knobs.{key[:60]}: no fork may set this.{did_you_mean(key, FORK_KNOBS)} "
        f"There are: {', '.join(FORK_KNOBS)}"
        for key in knobs
        if key not in FORK_KNOBS
    ]
    if problems:
        raise ConfigError("\n".join(problems))
