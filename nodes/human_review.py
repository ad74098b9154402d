"""Human review: after a round the run may wait for the user, who has the last word."""

from typing import Any, Final

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import ValidationError

from nsed.protocol.errors import ConfigError
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.human import HumanDecision, HumanQuestion, Intervention, OnTheTable
from nsed.state.schema import DeliberationState

__all__ = ["decided", "human_review", "question_of"]

_FINAL: Final = frozenset(
    {
        StopReason.USER_STOP,
        StopReason.DEADLINE,
        StopReason.BUDGET,
        StopReason.NO_TEAM,
        StopReason.ROUND_LIMIT,
    }
)
"""Reasons that a note or a veto does not lift: there is no room for another round."""


def human_review(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Wait for a decision if the run asks for one; a wrong one is asked for again."""
    halt = state.get("halt")
    if not runtime.context.human_review or halt == StopReason.USER_STOP:
        return {}
    question = question_of(state)
    while True:
        answer = interrupt(question.model_dump(mode="json"))
        try:
            decision = decided(answer, question)
        except ConfigError as error:
            question = question.model_copy(update={"problem": str(error)})
            continue
        return _update(state, runtime, decision)


def question_of(state: DeliberationState) -> HumanQuestion:
    """What the user is asked after the round that was just decided."""
    tally, proposals = state["tallies"][str(state["round"])], state["proposals"]
    halt = state.get("halt")
    table = [
        OnTheTable(
            proposal=id_,
            answer=proposals[id_].answer,
            text=proposals[id_].text,
            net_support=tally.net_support.get(id_),
        )
        for id_ in tally.candidates
    ]
    table.sort(key=lambda one: (one.net_support is not None, one.net_support or 0.0))
    return HumanQuestion(
        round=state["round"],
        leading=tally.winner,
        conviction=tally.conviction,
        would_stop=StopReason(halt).value if halt else None,
        proposals=tuple(reversed(table)),
    )


def decided(answer: object, question: HumanQuestion) -> HumanDecision:
    """Check a decision; a bare word is its action.

    Raises:
        ConfigError: It is none, or vetoes what is not on the table.
    """
    given = {"action": answer} if isinstance(answer, str) else answer
    try:
        decision = HumanDecision.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        words = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{place}: {words}" if place else words) from error
    ids = [one.proposal for one in question.proposals]
    if decision.veto and decision.veto not in ids:
        raise ConfigError(
            f"veto: no proposal {decision.veto[:40]!r} is on the table; there are "
            f"{', '.join(ids)}"
        )
    return decision


def _update(
    state: DeliberationState,
    runtime: Runtime[DeliberationConfig],
    decision: HumanDecision,
) -> dict[str, Any]:
    number, halt = state["round"], state.get("halt")
    vetoed = state["proposals"][decision.veto].key if decision.veto else ""
    intervention = Intervention(
        round=number,
        action=decision.action,
        note=decision.note.strip(),
        veto=decision.veto,
        vetoed_answer=vetoed,
    )
    update: dict[str, Any] = {"interventions": {str(number): intervention}}
    if decision.action == "stop":
        update["halt"] = StopReason.USER_STOP
    elif (
        decision.action in ("note", "veto")
        and halt not in _FINAL
        # A softer reason may stand before the round limit.
        and number < runtime.context.rounds
    ):
        update["halt"] = None  # it is to be heard: another round
    runtime.stream_writer(
        DeliberationEvent(
            event="decided", round=number, reason=_in_words(state, decision)
        )
    )
    return update


def _in_words(state: DeliberationState, decision: HumanDecision) -> str:
    if decision.veto:
        answer = state["proposals"][decision.veto].answer or decision.veto
        return f"veto: {answer}" + (f"; {decision.note}" if decision.note else "")
    return f"note: {decision.note}" if decision.note else decision.action
