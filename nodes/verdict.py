"""Verdict: the answer, why it stopped, what it cost, and what is missing from it."""

import time
from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.asked import paused_s, spent
from nsed.nodes.panel import panel_of, panel_words
from nsed.nodes.round_facts import ballots_of, round_facts
from nsed.nodes.vetoes import incumbent_of
from nsed.protocol.consensus import Candidate, plurality, text_digest
from nsed.protocol.errors import QuorumError
from nsed.protocol.stopping import (
    CommitType,
    StopReason,
    commit_type,
    most_frequent_answer,
)
from nsed.state.context import DeliberationConfig
from nsed.state.records import Absence, Proposal, Verdict
from nsed.state.schema import DeliberationState

__all__ = ["verdict"]


def verdict(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """End the deliberation with the incumbent, or what there is instead of one."""
    absences = tuple(
        state.get("absences", {})[key] for key in sorted(state.get("absences", {}))
    )
    tallies = state.get("tallies", {})
    facts = round_facts(state)
    chosen, committed, notes = _choose(state, runtime.context, absences)
    degraded = bool(absences) or not tallies or _unreviewed(state)
    panel = panel_of(state)
    return {
        "verdict": Verdict(
            status="degraded" if degraded else "complete",
            answer=chosen.answer or chosen.text,
            text=chosen.text,
            proposal=chosen.id,
            stop_reason=state.get("halt") or StopReason.USER_STOP,
            commit_type=committed,
            conviction=facts[-1].conviction if facts else 0.0,
            rounds=len(tallies),
            absences=absences,
            notes=(
                *notes,
                *_vetoed(state),
                *_rebound(state),
                *_missing(absences),
                *(panel_words(panel) if degraded else ()),
            ),
            usage=spent(state),
            seconds=round(time.time() - state["started_at"] - paused_s(state), 3),
            panel=panel,
        )
    }


def _choose(
    state: DeliberationState,
    config: DeliberationConfig,
    absences: tuple[Absence, ...],
) -> tuple[Proposal, CommitType, list[str]]:
    proposals = state.get("proposals", {})
    facts = round_facts(state)
    if not facts:
        if not proposals:
            halt = state.get("halt") or StopReason.USER_STOP
            causes = [f"{a.expert}: {a.kind}: {a.reason}" for a in absences]
            raise QuorumError(
                "propose",
                present=0,
                required=config.quorum,
                causes=[f"the run was stopped: {halt.value}", *causes],
            )
        first = sorted(proposals.values(), key=lambda p: p.id)
        votes = [Candidate(p.key, text_digest(p.text)) for p in first]
        note = "Stopped before any review: the most frequent answer was taken."
        return first[plurality(votes)], "fragmented", [note]
    last = state["tallies"][str(len(facts))]
    found = incumbent_of(state, len(facts) + 1)
    if found is None:
        raise QuorumError(
            "propose",
            present=0,
            required=config.quorum,
            causes=["every answer is one that you vetoed"],
        )
    winner = found
    committed = commit_type(facts)
    if last.decided_by == "plurality" and not _unreviewed(state):
        return winner, committed, []  # a baseline that asks for no reviews
    if last.decided_by == "plurality":
        came, asked = len(ballots_of(state, last.round)), config.review_quorum
        few = (
            f"Only {came} of the {asked} ballots of review_quorum were usable"
            if came
            else "No reviewer gave a usable ballot"
        )
        note = f"{few}: the most frequent answer was taken."
        return winner, committed, [note]
    known_skill = any(answer.evidence > 0 for answer in last.answers)
    if committed != "fragmented" or known_skill:
        return winner, committed, []
    frequent = most_frequent_answer(facts)
    if frequent == winner.key:
        return winner, committed, []
    same = [p for p in proposals.values() if p.key == frequent]
    support = [t.net_support for t in state["tallies"].values()]
    best = max(
        sorted(same, key=lambda p: p.id),
        key=lambda p: max((s[p.id] for s in support if p.id in s), default=-1.0),
    )
    note = "The panel did not settle: the answer proposed most often was taken."
    return best, committed, [note]


def _unreviewed(state: DeliberationState) -> bool:
    """Whether reviewers were bound for the last round and none of them voted."""
    last = str(len(state["tallies"]))
    bound = state["teams"][last].in_role("reviewer")
    return bool(bound) and state["tallies"][last].decided_by == "plurality"


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
    """Say in plain words what each absence took away."""
    notes = []
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
