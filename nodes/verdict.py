"""Verdict: the answer, why it stopped, what it cost, and what is missing from it."""

import time
from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.asked import paused_s, spent
from nsed.nodes.chat import answer_message
from nsed.nodes.choice import choose, unreviewed
from nsed.nodes.panel import panel_of, panel_words
from nsed.nodes.quorum import require_quorum
from nsed.nodes.round_facts import round_facts
from nsed.nodes.synthesis import final_text, synthesis_notes
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.records import Absence, Verdict
from nsed.state.schema import DeliberationState

__all__ = ["verdict"]


def verdict(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """End the deliberation with the incumbent, or what there is instead of one.

    Raises:
        QuorumError: There is no answer.
        DegradedError: The synthesizer is missing and `on_partial` is `error`.
    """
    if state.get("halt") != StopReason.USER_STOP:
        require_quorum(state, runtime.context, phase="synthesize", present=0)
    absences = tuple(
        state.get("absences", {})[key] for key in sorted(state.get("absences", {}))
    )
    tallies = state.get("tallies", {})
    facts = round_facts(state)
    chosen, committed, notes = choose(state, runtime.context)
    answer, text, synthesized = final_text(chosen, state.get("synthesis"))
    degraded = bool(absences) or not tallies or unreviewed(state)
    panel = panel_of(state)
    found = Verdict(
        status="degraded" if degraded else "complete",
        answer=answer,
        text=text,
        proposal=chosen.id,
        stop_reason=state.get("halt") or StopReason.USER_STOP,
        commit_type=committed,
        conviction=facts[-1].conviction if facts else 0.0,
        rounds=len(tallies),
        absences=absences,
        notes=(
            *notes,
            *_vetoed(state),
            *synthesis_notes(chosen, state.get("synthesis"), absences),
            *_rebound(state),
            *_missing(absences),
            *(panel_words(panel) if degraded else ()),
        ),
        usage=spent(state),
        seconds=round(time.time() - state["started_at"] - paused_s(state), 3),
        panel=panel,
        synthesized=synthesized,
    )
    asked = state.get("asked")
    said = answer_message(found, asked["message"] if asked else None)
    return {"verdict": found, "messages": [said]}


def _vetoed(state: DeliberationState) -> list[str]:
    """Say what the user has ruled out."""
    proposals = state.get("proposals", {})
    return [
        f"You vetoed {proposals[one.veto].answer or one.veto} after round {one.round}."
        for _, one in sorted(state.get("interventions", {}).items())
        if one.veto
    ]


def _rebound(state: DeliberationState) -> list[str]:
    """Say which rounds were played by another team than the one before, and why."""
    return [
        f"Round {team.round} was {team.bound}."
        for _, team in sorted(state.get("teams", {}).items())
        if team.bound.startswith("re-bound")
    ]


def _missing(absences: tuple[Absence, ...]) -> list[str]:
    """Say in plain words what each absence from the panel took away."""
    notes = []
    absences = tuple(a for a in absences if a.phase != "synthesize")
    for expert in dict.fromkeys(a.expert for a in absences):
        mine = [a for a in absences if a.expert == expert]
        where = ", ".join(f"round {a.round} {a.phase} ({a.kind})" for a in mine)
        late = any(a.kind == "timeout" for a in mine)
        skew = (
            " It was slow, and slow experts are often the strong ones: the panel is "
            "not just smaller but skewed."
            if late
            else ""
        )
        notes.append(f"{expert} is missing from {where}.{skew}")
    return notes
