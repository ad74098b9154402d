"""A phase that was cut off: what its finished members gave, and who was at work."""

from typing import Any

from langgraph.types import StateSnapshot

from nsed.state.records import Absence, Phase

__all__ = ["cut_off", "gathered"]

_COLLECTED = ("absences", "ballots", "calls", "proposals")


def gathered(snapshot: StateSnapshot) -> dict[str, Any]:
    """What members of the phase at work have left so far, by channel."""
    update: dict[str, Any] = {}
    for task in snapshot.tasks:
        for channel, value in (task.result or {}).items():
            if channel in _COLLECTED:
                update[channel] = {**update.get(channel, {}), **value}
    return update


def cut_off(
    state: dict[str, Any], update: dict[str, Any], phase: Phase
) -> dict[str, Absence]:
    """Absences of a phase: the ones on file, and whoever was still at work."""
    done: dict[str, Absence] = update.get("absences", {})
    heard = {(call.expert, call.phase) for call in update.get("calls", {}).values()}
    cut = {
        f"r{state['round']}.{phase}.{name}": Absence(
            round=state["round"],
            phase=phase,
            expert=name,
            kind="cancelled",
            reason="the user stopped the run",
        )
        for name in state["attempts"]
        if (name, phase) not in heard
    }
    return {**cut, **done}
