"""A run that has stopped short: what there is, what it waits for, how it goes on."""

import time
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from langgraph.types import Command, StateSnapshot

from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision, HumanQuestion
from nsed.state.records import Absence, Pause, Phase

__all__ = ["at_work", "cut_off", "gathered", "going_on", "question_in", "stopped"]

_PHASES: Final[Mapping[str, Phase]] = {
    "proposer": "propose",
    "peer_review": "review",
    "synthesizer": "synthesize",
}
"""What is played, by the node that plays it."""
_COLLECTED = ("absences", "ballots", "calls", "proposals")


def gathered(snapshot: StateSnapshot) -> dict[str, Any]:
    """What members of the phase at work have left so far, by channel."""
    update: dict[str, Any] = {}
    for task in snapshot.tasks:
        for channel, value in (task.result or {}).items():
            if channel in _COLLECTED:
                update[channel] = {**update.get(channel, {}), **value}
    return update


def question_in(snapshot: StateSnapshot) -> HumanQuestion | None:
    """What the run waits for the user to decide."""
    asked = [one.value for task in snapshot.tasks for one in task.interrupts]
    return HumanQuestion.model_validate(asked[-1]) if asked else None


def going_on(
    snapshot: StateSnapshot, decision: HumanDecision | None, last_call_at: float
) -> Command[Any]:
    """What a run that had stopped is given: the decision, if any, and the pause."""
    now = time.time()
    written_at = datetime.fromisoformat(snapshot.created_at or "").timestamp()
    pause = Pause(
        round=snapshot.values.get("round", 0),
        seconds=max(0.0, now - max(written_at, last_call_at)),
    )
    return Command(
        resume=decision.model_dump(mode="json") if decision else None,
        update={"pauses": {f"{now:.6f}": pause}},
    )


def at_work(
    snapshot: StateSnapshot, config: DeliberationConfig
) -> tuple[Phase | None, list[str]]:
    """The phase that was cut off, if one was, and who had been asked in it."""
    phases = [_PHASES[node] for node in snapshot.next if node in _PHASES]
    if not phases:
        return None, []
    if phases[0] != "synthesize":
        return phases[0], list(snapshot.values["attempts"])
    name = config.synthesizer
    return phases[0], [name] if name and snapshot.values["tallies"] else []


def stopped(
    snapshot: StateSnapshot, config: DeliberationConfig, nodes: Container[str]
) -> tuple[dict[str, Any], str]:
    """What ends a run that the user stopped: an update, and the node it stands for.

    Args:
        snapshot: Where the run stands.
        config: Of the run.
        nodes: Names of the graph's nodes.
    """
    update: dict[str, Any] = {**gathered(snapshot), "halt": StopReason.USER_STOP}
    phase, asked = at_work(snapshot, config)
    if phase is not None:
        update["absences"] = cut_off(snapshot.values, update, phase, asked)
    if phase == "review" and update.get("ballots"):
        return update, "peer_review"  # on to the vote
    # On to the verdict; the baselines count what was proposed.
    return update, "stopping" if "stopping" in nodes else "proposer"


def cut_off(
    state: dict[str, Any], update: dict[str, Any], phase: Phase, asked: Iterable[str]
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
        for name in asked
        if (name, phase) not in heard
    }
    return {**cut, **done}
