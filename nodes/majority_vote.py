"""Majority vote, the baseline: count equal answers, ask nobody for a review."""

from typing import Any

from langgraph.runtime import Runtime

from nsed.nodes.identity_mask import candidates_of
from nsed.nodes.quadratic_voting import plurality_tally
from nsed.nodes.quorum import require_quorum
from nsed.protocol.stopping import StopReason
from nsed.state.context import DeliberationConfig
from nsed.state.schema import DeliberationState

__all__ = ["majority_vote"]


def majority_vote(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Wait for all proposers and take the most frequent answer."""
    candidates = candidates_of(state)
    require_quorum(state, runtime.context, phase="propose", present=len(candidates))
    ids = tuple(proposal.id for proposal in candidates)
    tally = plurality_tally({**state, "candidates": ids}, runtime.context)
    return {
        "candidates": ids,
        "tallies": {str(state["round"]): tally},
        "halt": StopReason.ROUND_LIMIT,
    }
