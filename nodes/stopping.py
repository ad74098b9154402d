"""Stop or loop: ask the stopping rules, once a round."""

import time
from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.asked import paused_s
from nsed.nodes.round_facts import round_facts
from nsed.protocol.stopping import StopReason, halt_reason
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.schema import DeliberationState

__all__ = ["stopping"]


def stopping(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Write the reason to stop, or None to play another round."""
    context, halted = runtime.context, state.get("halt")
    reason = halt_reason(
        round_facts(state),
        round_limit=context.rounds,
        effort=context.effort,
        curve=context.curve,
        user_stop=halted == StopReason.USER_STOP,
        deadline_passed=halted == StopReason.DEADLINE or _no_time(state, context),
        budget_spent=halted == StopReason.BUDGET,
    )
    if reason is not None:
        runtime.stream_writer(
            DeliberationEvent(event="halted", round=state["round"], reason=reason.value)
        )
    return {"halt": reason}


def _no_time(state: DeliberationState, config: DeliberationConfig) -> bool:
    """Whether a round as long as the last one would end too late."""
    limits = (config.deadline_s, config.patience_s)
    now = time.time()
    worked = now - state["started_at"] - paused_s(state)
    if state["round"] >= config.rounds:  # there is no other round to fit in
        left = config.deadline_s
        return left is not None and worked >= left
    round_took = now - state["round_started_at"] - paused_s(state, state["round"])
    end = worked + round_took
    return any(limit is not None and end >= limit for limit in limits)
