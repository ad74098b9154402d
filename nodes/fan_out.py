"""Asking one expert as a member of its phase: limits, spare calls, and the hedge."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from langgraph.runtime import Runtime

from nsed.models.asking import Outcome, ask
from nsed.models.base import Reply, Request
from nsed.models.hedging import Hedge
from nsed.models.time_limit import TimeLimit
from nsed.nodes.asked import seconds_left
from nsed.nodes.hiring import Hiring
from nsed.nodes.phase import Phase, Phases
from nsed.protocol.ledger import spare_calls
from nsed.state.context import DeliberationConfig
from nsed.state.records import CallRecord
from nsed.state.schema import DeliberationState
from nsed.state.team import Role

__all__ = ["FanOut"]

T = TypeVar("T")

_ROLES: dict[str, Role] = {"propose": "proposer", "review": "reviewer"}


@dataclass(frozen=True)
class FanOut:
    """Asks the members of a phase, who share its deadline and its spare calls."""

    hire: Hiring
    _phases: Phases = field(default_factory=Phases)

    async def ask(
        self,
        state: DeliberationState,
        runtime: Runtime[DeliberationConfig],
        name: str,
        request: Request,
        read: Callable[[Reply], T],
    ) -> Outcome[T]:
        """Ask one expert; see `nsed.models.asking.ask`.

        Args:
            state: As it was when the phase began.
            runtime: Of the calling node.
            name: Whom to ask.
            request: What to ask; its `phase` is the one being played.
            read: Turns a reply into a value.
        """
        context, info = runtime.context, runtime.execution_info
        phase = self._phases.of(
            info.checkpoint_id if info else None,
            partial(_new_phase, state, context, request),
        )
        p95_s = _known_p95_s(state, name, _ROLES.get(request.phase))
        with phase.seat(p95_s=p95_s) as seat:
            outcome = await ask(
                self.hire(context.expert(name)),
                request,
                read,
                attempts=state["attempts"][name],
                retries=context.retries,
                retry_wait_s=context.retry_wait_s,
                limit=seat.limit,
                spare=phase.take_spare,
                hedge=self._hedge(context, name, p95_s),
            )
            seat.answered = outcome.failure is None
        return outcome

    def _hedge(
        self, context: DeliberationConfig, name: str, p95_s: float | None
    ) -> Hedge | None:
        replica = context.expert(name).replica
        if replica is None or context.hedge_after_s is None:
            return None
        return Hedge(
            self.hire(replica), context.hedge_after_s if p95_s is None else p95_s
        )


def _new_phase(
    state: DeliberationState, context: DeliberationConfig, request: Request
) -> Phase:
    calls, asked = state.get("calls", {}), len(state["attempts"])
    quorums = {"propose": context.quorum, "review": context.review_quorum}
    return Phase(
        asked=asked,
        quorum=quorums.get(request.phase, 1),
        ends=_end(state, context, request),
        spare=spare_calls(
            questions=asked + sum(call.attempt == 1 for call in calls.values()),
            further=sum(_is_further(call, calls) for call in calls.values()),
            share=context.retry_budget,
        ),
        factor=context.straggler_factor,
        least_s=context.straggler_min_s,
    )


def _end(
    state: DeliberationState, context: DeliberationConfig, request: Request
) -> TimeLimit:
    """The phase's deadline, or the run's if that is earlier."""
    allowed_s = context.phase_timeout_s(request.phase)
    left_s = seconds_left(state, context)
    if left_s is not None and left_s <= allowed_s:
        return TimeLimit.after(left_s, "the deadline of the run was reached")
    knob = f"{request.phase}_timeout_s = {allowed_s:g}"
    return TimeLimit.after(allowed_s, f"the deadline of the phase was reached ({knob})")


def _is_further(call: CallRecord, calls: dict[str, CallRecord]) -> bool:
    """Whether a call repeats one; a lower rung of the JSON ladder does not.

    Nor does one in the place of a call that was lost with its process.
    """
    before = calls.get(f"{call.id.rpartition('.')[0]}.{call.attempt - 1}")
    return before is not None and before.outcome not in ("unsupported", "lost")


def _known_p95_s(
    state: DeliberationState, name: str, role: Role | None
) -> float | None:
    """How long its calls take at most, as the broker knew it when it chose.

    None for a phase without seats: the broker knows nothing of it.
    """
    team = state.get("teams", {}).get(str(state["round"]))
    chosen = team.receipt.chosen if team and team.receipt else ()
    return next(
        (s.latency_s for s in chosen if (s.expert, s.role) == (name, role)), None
    )
