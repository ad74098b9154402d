"""Stop or loop: ask the stopping rules, once a round."""

from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.asked import seconds_left
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
        user_stop=halted is StopReason.USER_STOP,
        deadline_passed=halted is StopReason.DEADLINE
        or seconds_left(state, context) == 0,
        budget_spent=halted is StopReason.BUDGET,
    )
    if reason is not None:
        runtime.stream_writer(
            DeliberationEvent(event="halted", round=state["round"], reason=reason.value)
        )
    return {"halt": reason}
