"""Routing: what each conditional edge does next. Reads the state, decides nothing."""

from typing import Literal

from langgraph.types import Send

from nsed.state.schema import DeliberationState, ProposeTask, ReviewTask

__all__ = [
    "fan_out_or_exit",
    "fan_out_proposers",
    "fan_out_reviewers",
    "next_round_or_exit",
]


def fan_out_proposers(
    state: DeliberationState,
) -> list[Send] | Literal["verdict"]:
    """One task a proposer, or straight to the verdict if the round cannot be paid."""
    if state.get("halt"):
        return "verdict"
    return [
        Send("proposer", ProposeTask(round=state["round"], expert=name))
        for name in state["attempts"]
    ]


def fan_out_or_exit(
    state: DeliberationState,
) -> list[Send] | Literal["synthesizer"]:
    """One task a proposer, or out of the loop if the round cannot be played."""
    tasks = fan_out_proposers(state)
    return "synthesizer" if tasks == "verdict" else tasks


def fan_out_reviewers(
    state: DeliberationState,
) -> list[Send] | Literal["quadratic_voting"]:
    """One task a reviewer, with all his candidates; none, if nobody may review."""
    return [
        Send("peer_review", ReviewTask(round=state["round"], expert=name))
        for name in state["attempts"]
    ] or "quadratic_voting"


def next_round_or_exit(state: DeliberationState) -> Literal["broker", "synthesizer"]:
    """Loop while there is no reason to stop."""
    return "synthesizer" if state["halt"] else "broker"
