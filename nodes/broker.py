"""Bind: who sits where this round, and whether the money carries it."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from nsed.brokers.base import BindRequest, Broker
from nsed.nodes.asked import seconds_left, spent, worst_cases
from nsed.nodes.proposer import propose_request
from nsed.protocol.errors import BudgetError
from nsed.protocol.ledger import allot
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.records import Absence
from nsed.state.schema import DeliberationState
from nsed.state.team import Team

__all__ = ["Binding", "Check"]

Check = Callable[[Iterable[ExpertConfig]], Awaitable[None]]


@dataclass(frozen=True)
class Binding:
    """Asks the broker for a team and sets its proposers' worst case aside."""

    broker: Broker
    check: Check | None = None
    """Makes sure, before anything is spent, that the experts can be asked."""

    async def __call__(
        self, state: DeliberationState, runtime: Runtime[DeliberationConfig]
    ) -> dict[str, Any]:
        """Open the next round, or end the run if a cap cannot carry it."""
        context = runtime.context
        round_number = state.get("round", 0) + 1
        started: DeliberationState = {
            **state,
            "started_at": state.get("started_at") or time.time(),
        }
        team = await self.broker.bind(_request(started, context, round_number))
        if self.check and round_number == 1:
            names = dict.fromkeys(seat.expert for seat in team.seats)
            await self.check([context.expert(name) for name in names])
        wishes = {
            name: worst_cases(
                propose_request(started, name, context, round_number), name, context
            )
            for name in team.in_role("proposer")
        }
        granted = allot(context.caps, spent(started), wishes)
        short = tuple(name for name, n in granted.items() if n == 0)
        late = seconds_left(started, context) == 0
        first = round_number == 1
        if first and len(short) == len(granted):
            raise BudgetError(_too_small(context, wishes[short[0]][0].tokens))
        if late or (short and not first):
            # A later round with part of the team would be skewed: stop instead.
            halt = StopReason.DEADLINE if late else StopReason.BUDGET
            return {"started_at": started["started_at"], "halt": halt, "attempts": {}}
        return {
            "started_at": started["started_at"],
            "round": round_number,
            "round_started_at": time.time(),
            "teams": {str(round_number): team},
            "attempts": {name: n for name, n in granted.items() if n},
            "absences": {
                f"r{round_number}.propose.{name}": Absence(
                    round=round_number,
                    phase="propose",
                    expert=name,
                    kind="budget",
                    reason="its worst case does not fit under the caps",
                )
                for name in short
            },
            "halt": None,
        }


def _request(
    state: DeliberationState, config: DeliberationConfig, round_number: int
) -> BindRequest:
    teams: dict[str, Team] = state.get("teams", {})
    return BindRequest(
        task=state["task"],
        config=config,
        round=round_number,
        spent=spent(state),
        incumbent_team=teams.get(str(round_number - 1)),
        absences=tuple(state.get("absences", {}).values()),
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
