"""Mask: wait for all proposers, then hide who wrote what from every reviewer."""

from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.asked import charged, seconds_left, worst_cases
from nsed.nodes.peer_review import review_request
from nsed.nodes.quorum import require_quorum
from nsed.nodes.vetoes import incumbent_of, vetoed_answers
from nsed.protocol.identity_mask import mask_identities
from nsed.protocol.ledger import allot
from nsed.protocol.peer_review import assign_reviews
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.records import Absence, Proposal
from nsed.state.schema import DeliberationState

__all__ = ["candidates_of", "identity_mask"]


def identity_mask(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Choose the candidates, give every reviewer his labels, set his call aside."""
    context, round_number = runtime.context, state["round"]
    candidates = candidates_of(state)
    require_quorum(state, context, phase="propose", present=len(candidates))
    assignment = assign_reviews(
        {proposal.id: proposal.expert for proposal in candidates},
        state["teams"][str(round_number)].in_role("reviewer"),
        reviews_per_proposal=context.reviews_per_proposal,
        seed=context.seed,
        round_number=round_number,
    )
    duty = {reviewer: ids for reviewer, ids in assignment.items() if ids}
    masks = mask_identities(duty, seed=context.seed, round_number=round_number)
    masked: DeliberationState = {**state, "masks": masks}
    wishes = {
        reviewer: worst_cases(
            review_request(masked, reviewer, context), reviewer, context
        )
        for reviewer in masks
    }
    granted = allot(context.caps, charged(state), wishes)
    late = seconds_left(state, context) == 0
    short = tuple(name for name, n in granted.items() if n == 0 or late)
    update: dict[str, Any] = {
        "masks": masks,
        "candidates": tuple(proposal.id for proposal in candidates),
        "attempts": {name: n for name, n in granted.items() if name not in short},
        "absences": {
            f"r{round_number}.review.{name}": Absence(
                round=round_number,
                phase="review",
                expert=name,
                kind="timeout" if late else "budget",
                reason="the deadline of the run was reached"
                if late
                else "its worst case does not fit under the caps",
            )
            for name in short
        },
    }
    if short:
        update["halt"] = StopReason.DEADLINE if late else StopReason.BUDGET
    return update


def candidates_of(state: DeliberationState) -> list[Proposal]:
    """This round's proposals, and the incumbent unless its answer was proposed again.

    Without what the user has ruled out. Sorted by id, so that nothing depends on who
    answered first.
    """
    proposals, round_number = state["proposals"], state["round"]
    vetoed, incumbent = vetoed_answers(state), incumbent_of(state, round_number)
    fresh = sorted(
        (p for p in proposals.values() if p.round == round_number), key=lambda p: p.id
    )
    fresh = [proposal for proposal in fresh if proposal.key not in vetoed]
    if incumbent and all(p.key != incumbent.key for p in fresh):
        fresh.append(incumbent)
    return fresh
