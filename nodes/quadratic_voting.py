"""Vote: the whole matrix of ballots at once, then winner and conviction."""

from typing import Any

import numpy as np
from langgraph.runtime import Runtime

from nsed.nodes.quorum import require_quorum
from nsed.nodes.round_facts import ballots_of, round_facts
from nsed.protocol.consensus import (
    Candidate,
    Consensus,
    decide,
    plurality,
    skill_evidence,
    text_digest,
)
from nsed.protocol.stopping import evidence
from nsed.state.context import DeliberationConfig
from nsed.state.events import DeliberationEvent
from nsed.state.records import AnswerTally, Proposal, Tally
from nsed.state.schema import DeliberationState

__all__ = ["quadratic_voting"]


def quadratic_voting(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Wait for all reviewers and tally the round."""
    context, round_number = runtime.context, state["round"]
    ballots = ballots_of(state, round_number)
    require_quorum(state, context, phase="review", present=len(ballots))
    proposals = [state["proposals"][id_] for id_ in state["candidates"]]
    candidates = [_candidate(p, context) for p in proposals]
    ids = list(state["candidates"])
    tally = (
        _by_votes(state, context, candidates)
        if ballots
        else _by_plurality(context, round_number, proposals, candidates)
    )
    decided: DeliberationState = {
        **state,
        "tallies": {**state.get("tallies", {}), str(round_number): tally},
    }
    collected = evidence(round_facts(decided), context.curve)
    tally = tally.model_copy(update={"evidence": collected})
    winner = proposals[ids.index(tally.winner)]
    runtime.stream_writer(
        DeliberationEvent(
            event="tallied",
            round=round_number,
            answer=winner.answer,
            net_support=tally.net_support.get(tally.winner),
            conviction=tally.conviction,
        )
    )
    return {"tallies": {str(round_number): tally}}


def _candidate(proposal: Proposal, config: DeliberationConfig) -> Candidate:
    skill = config.expert(proposal.expert).skill_for(config.category)
    return Candidate(
        answer=proposal.key,
        digest=text_digest(proposal.text),
        evidence=skill_evidence(
            skill if config.use_skill else None,
            wrong_answers=config.plausible_wrong_answers,
        ),
    )


def _by_votes(
    state: DeliberationState, config: DeliberationConfig, candidates: list[Candidate]
) -> Tally:
    ids, round_number = list(state["candidates"]), state["round"]
    ballots = ballots_of(state, round_number)
    weights = np.array(
        [[ballot.weights.get(id_, np.nan) for id_ in ids] for ballot in ballots]
    )
    last = state.get("tallies", {}).get(str(round_number - 1))
    held = (
        next(
            (
                i
                for i, c in enumerate(candidates)
                if c.answer == state["proposals"][last.winner].key
            ),
            None,
        )
        if last
        else None
    )
    outcome = decide(
        weights,
        candidates,
        rule=config.rule,
        kappa=config.kappa,
        incumbent=held,
        margin=config.margin,
    )
    picks = {rule: ids[i] for rule, i in outcome.winners_by_rule.items()}
    return Tally(
        round=round_number,
        rule=config.rule,
        decided_by="votes",
        candidates=tuple(ids),
        votes={
            ballot.reviewer: _known(ids, outcome.votes[row])
            for row, ballot in enumerate(ballots)
        },
        net_support=_known(ids, outcome.net_support),
        answers=_answers(state, candidates, outcome),
        winner=ids[outcome.winner],
        conviction=outcome.conviction,
        winners_by_rule=picks,
        rules_agree=len({state["proposals"][id_].key for id_ in picks.values()}) == 1,
        evidence=0.0,
    )


def _by_plurality(
    config: DeliberationConfig,
    round_number: int,
    proposals: list[Proposal],
    candidates: list[Candidate],
) -> Tally:
    """No ballot came: count equal answers, make up no vote."""
    return Tally(
        round=round_number,
        rule=config.rule,
        decided_by="plurality",
        candidates=tuple(p.id for p in proposals),
        votes={},
        net_support={},
        answers=(),
        winner=proposals[plurality(candidates)].id,
        conviction=0.0,
        winners_by_rule={},
        rules_agree=True,
        evidence=0.0,
    )


def _answers(
    state: DeliberationState, candidates: list[Candidate], outcome: Consensus
) -> tuple[AnswerTally, ...]:
    by_key = {
        key: [
            state["proposals"][id_]
            for id_, c in zip(state["candidates"], candidates, strict=True)
            if c.answer == key
        ]
        for key in outcome.answers
    }
    return tuple(
        AnswerTally(
            key=key,
            answer=by_key[key][0].answer,
            proposals=tuple(p.id for p in by_key[key]),
            net_support=None if np.isnan(support) else float(support),
            evidence=sum(c.evidence for c in candidates if c.answer == key),
            score=float(score),
        )
        for key, support, score in zip(
            outcome.answers, outcome.answer_net_support, outcome.scores, strict=True
        )
    )


def _known(ids: list[str], values: Any) -> dict[str, float]:
    return {
        id_: float(v) for id_, v in zip(ids, values, strict=True) if not np.isnan(v)
    }
