"""Bind: who sits where this round, and whether the money carries it."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any, Protocol

from langgraph.runtime import Runtime

from nsed.brokers.base import BindRequest, Broker
from nsed.brokers.observations import UnreachableSeen
from nsed.brokers.telemetry import Telemetry
from nsed.nodes.asked import charged, seconds_left, worst_cases
from nsed.nodes.prompt_tokens import prompt_tokens
from nsed.nodes.proposer import propose_request
from nsed.nodes.team_changes import gone_members, team_absences
from nsed.nodes.team_check import require_team
from nsed.nodes.telemetry_so_far import telemetry_so_far
from nsed.protocol.errors import BudgetError, InfeasibleTeam, NsedError
from nsed.protocol.ledger import Caps, allot
from nsed.protocol.stopping import StopReason
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Absence
from nsed.state.schema import DeliberationState
from nsed.state.team import Team

__all__ = ["Binding", "Check", "Reach", "worst_answers"]

Check = Callable[[Iterable[ExpertConfig]], Awaitable[None]]


class Reach(Protocol):
    """Says whose endpoint is gone, by name the cause."""

    async def __call__(
        self, configs: Iterable[ExpertConfig], *, patient_with: Collection[str]
    ) -> dict[str, str]:
        """Ask every URL for its list of models, patiently if it has just answered."""
        ...


Worst = dict[str, tuple[Usage, ...]]


@dataclass(frozen=True)
class Binding:
    """Asks the broker for a team and sets its proposers' worst case aside."""

    broker: Broker
    check: Check | None = None
    """Makes sure, before anything is spent, that the experts can be asked."""
    reach: Reach | None = None
    """Looks up, before later rounds, whose endpoint is gone, and says why."""
    synthesizes: bool = False
    """Whether the graph asks the synthesizer, if there is one."""

    async def __call__(
        self, state: DeliberationState, runtime: Runtime[DeliberationConfig]
    ) -> dict[str, Any]:
        """Open the next round, or end the run if it cannot be played."""
        context, now = runtime.context, time.time()
        round_number = state.get("round", 0) + 1
        started: DeliberationState = {
            **state,
            "started_at": state.get("started_at") or now,
        }
        if seconds_left(started, context) == 0:
            return _halted(started, StopReason.DEADLINE)
        worst = worst_answers(started, context, round_number)
        request = await self._request(started, runtime, round_number, now, worst)
        if round_number == 1:
            _require_room(context, worst)
        try:
            team = await self._bound(request)
        except InfeasibleTeam as error:
            if round_number == 1:
                raise
            money = any(limit.startswith("max_") for limit in error.clash)
            if money:
                return _halted(started, StopReason.BUDGET)
            gone = gone_members(request)
            return {**_halted(started, StopReason.NO_TEAM), "absences": gone}
        asked = {name: worst[name] for name in team.in_role("proposer")}
        granted = allot(context.caps, charged(started), asked)
        short = tuple(name for name, n in granted.items() if n == 0)
        if short and round_number > 1:
            # A later round with part of the team would be skewed: stop instead.
            return _halted(started, StopReason.BUDGET)
        _tell(runtime, team)
        return {
            "started_at": started["started_at"],
            "round": round_number,
            "round_started_at": now,
            "teams": {str(round_number): team},
            "attempts": {name: n for name, n in granted.items() if n},
            "absences": {
                **team_absences(request, team),
                **{
                    f"r{round_number}.propose.{name}": _unpaid(name, round_number)
                    for name in short
                },
            },
            "halt": None,
        }

    async def _bound(self, request: BindRequest) -> Team:
        """The broker's team, once all its new members can be asked."""
        binding: object = self.broker.bind(request)
        found = await binding if isawaitable(binding) else binding
        team = require_team(found, request, self.broker)
        before = request.incumbent_team
        known = {seat.expert for seat in before.seats} if before else set()
        new = [s.expert for s in team.seats if s.expert not in known]
        synthesizer = request.config.synthesizer if self.synthesizes else None
        if before is None and synthesizer is not None:
            new.append(synthesizer)  # asked in the end, with a seat or without
        if not self.check or not new:
            return team
        try:
            await self.check([request.config.expert(n) for n in dict.fromkeys(new)])
        except NsedError as error:
            if before is None:
                raise
            # A substitute without a key or weights is no substitute.
            cause = dict.fromkeys(new, str(error))
            return await self._bound(
                replace(request, unreachable={**request.unreachable, **cause})
            )
        return team

    async def _request(
        self,
        state: DeliberationState,
        runtime: Runtime[DeliberationConfig],
        round_number: int,
        now: float,
        worst: Worst,
    ) -> BindRequest:
        context = runtime.context
        teams: dict[str, Team] = state.get("teams", {})
        last = teams.get(str(round_number - 1))
        unreachable: dict[str, str] = {}
        if last is not None and self.reach:
            unreachable = await self.reach(
                context.experts, patient_with=_answered(state, round_number - 1)
            )
        gone = [
            UnreachableSeen(context.expert(name).identity, now) for name in unreachable
        ]
        asked = (
            {name: worst[name][:1] for name in last.in_role("proposer")} if last else {}
        )
        carried = allot(context.caps, charged(state), asked)
        return BindRequest(
            task=state["task"],
            config=context,
            round=round_number,
            spent=charged(state),
            incumbent_team=last,
            absences=tuple(state.get("absences", {}).values()),
            now=now,
            telemetry=await telemetry_so_far(state, runtime, now) + Telemetry.of(gone),
            prompts=prompt_tokens(state, context),
            worst_calls={name: first for name, (first, *_) in worst.items()},
            unreachable=unreachable,
            short=tuple(name for name, n in carried.items() if n == 0),
        )


def worst_answers(
    state: DeliberationState, config: DeliberationConfig, round_number: int
) -> Worst:
    """The worst case of every attempt at an answer, by expert."""
    return {
        expert.name: worst_cases(
            propose_request(state, expert.name, config, round_number),
            expert.name,
            config,
        )
        for expert in config.experts
    }


def _require_room(config: DeliberationConfig, worst: Worst) -> None:
    """Raise if the caps cannot carry a single answer of anybody."""
    if config.caps == Caps() or any(config.caps.fit(w[0]) for w in worst.values()):
        return
    raise BudgetError(_too_small(config, min(w[0].tokens for w in worst.values())))


def _halted(state: DeliberationState, reason: StopReason) -> dict[str, Any]:
    return {"started_at": state["started_at"], "halt": reason, "attempts": {}}


def _answered(state: DeliberationState, round_number: int) -> set[str]:
    """Who gave something usable in the last phase of a round, or in the one before."""
    said = [*state["proposals"].values()]
    voted = [*state["ballots"].values()]
    return {one.expert for one in said if one.round == round_number} | {
        one.reviewer for one in voted if one.round == round_number
    }


def _unpaid(name: str, round_number: int) -> Absence:
    return Absence(
        round=round_number,
        phase="propose",
        expert=name,
        kind="budget",
        reason="its worst case does not fit under the caps",
    )


def _tell(runtime: Runtime[DeliberationConfig], team: Team) -> None:
    bound = DeliberationEvent(event="bound", round=team.round, reason=team.bound)
    runtime.stream_writer(
        {**bound, "experts": list(dict.fromkeys(s.expert for s in team.seats))}
    )


def _too_small(config: DeliberationConfig, tokens: int) -> str:
    caps = {
        "max_usd": config.max_usd,
        "max_tokens": config.max_tokens,
        "max_calls": config.max_calls,
    }
    given = ", ".join(f"{name}={v}" for name, v in caps.items() if v is not None)
    return (
        f"the caps ({given}) cannot carry a single answer: one call may take up to "
        f"{tokens} tokens. Raise the cap, or lower answer_tokens"
    )
