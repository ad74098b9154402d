"""The choice: which proposal is the answer once the loop has ended."""

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
from nsed.state.records import Proposal
from nsed.state.schema import DeliberationState

__all__ = ["choose", "unreviewed"]


def choose(
    state: DeliberationState, config: DeliberationConfig
) -> tuple[Proposal, CommitType, list[str]]:
    """The proposal that is the answer, how the panel came to it, and notes about that.

    Raises:
        QuorumError: Nobody has proposed anything, or all of it was vetoed.
    """
    proposals = state.get("proposals", {})
    facts = round_facts(state)
    if not facts:
        if not proposals:
            halt = state.get("halt") or StopReason.USER_STOP
            absences = sorted(state.get("absences", {}).items())
            causes = [f"{a.expert}: {a.kind}: {a.reason}" for _, a in absences]
            raise QuorumError(
                "propose",
                present=0,
                required=config.quorum,
                causes=[f"the run was stopped: {StopReason(halt).value}", *causes],
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
    if last.decided_by == "plurality" and not unreviewed(state):
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


def unreviewed(state: DeliberationState) -> bool:
    """Whether reviewers were bound for the last round and none of them voted."""
    last = str(len(state["tallies"]))
    bound = state["teams"][last].in_role("reviewer")
    return bool(bound) and state["tallies"][last].decided_by == "plurality"
