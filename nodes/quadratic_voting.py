"""Vote: the whole matrix of ballots at once, then winner and conviction."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from langgraph.runtime import Runtime
from numpy.typing import NDArray

from nsed.nodes.quorum import require_quorum
from nsed.nodes.round_facts import ballots_of, category_of, round_facts
from nsed.nodes.vetoes import incumbent_of
from nsed.nodes.vote_guards import guard_words, influence_of
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
from nsed.state.records import AnswerTally, Tally
from nsed.state.schema import DeliberationState

__all__ = ["plurality_tally", "quadratic_voting"]


def quadratic_voting(
    state: DeliberationState, runtime: Runtime[DeliberationConfig]
) -> dict[str, Any]:
    """Wait for all reviewers and tally the round."""
    context, round_number = runtime.context, state["round"]
    ballots = ballots_of(state, round_number)
    require_quorum(state, context, phase="review", present=len(ballots))
    enough = len(ballots) >= context.review_quorum
    tally = (votes_tally if enough else plurality_tally)(state, context)
    decided: DeliberationState = {
        **state,
        "tallies": {**state.get("tallies", {}), str(round_number): tally},
    }
    collected = evidence(round_facts(decided), context.curve)
    tally = tally.model_copy(update={"evidence": collected})
    winner = state["proposals"][tally.winner]
    runtime.stream_writer(
        DeliberationEvent(
            event="tallied",
            round=round_number,
            answer=winner.answer,
            net_support=next(
                (a.net_support for a in tally.answers if a.key == winner.key), None
            ),
            conviction=tally.conviction,
        )
    )
    return {"tallies": {str(round_number): tally}}


def votes_tally(state: DeliberationState, config: DeliberationConfig) -> Tally:
    """Tally the round's ballots under the configured rule."""
    ids, round_number = list(state["candidates"]), state["round"]
    candidates = _candidates(state, config)
    ballots = ballots_of(state, round_number)
    weights = np.array(
        [[ballot.weights.get(id_, np.nan) for id_ in ids] for ballot in ballots],
        dtype=np.float64,
    )
    held = _incumbent(state, candidates)
    if held is not None:
        candidates[held] = _with_kept_evidence(state, candidates, held)
    influence = influence_of(ballots, config)
    deciding = partial(
        decide,
        weights,
        candidates,
        rule=config.rule,
        kappa=config.kappa,
        incumbent=held,
        margin=config.margin,
    )
    outcome = deciding(influence=influence)
    free = ids[deciding().winner] if influence.guarded else None
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
        guards=guard_words(influence, outcome.answer_votes),
        unguarded_winner=free,
    )


def plurality_tally(state: DeliberationState, config: DeliberationConfig) -> Tally:
    """Count equal answers where ballots are too few; no vote is made up."""
    ids = state["candidates"]
    return Tally(
        round=state["round"],
        rule=config.rule,
        decided_by="plurality",
        candidates=ids,
        votes={},
        net_support={},
        answers=(),
        winner=ids[plurality(_candidates(state, config))],
        conviction=0.0,
        winners_by_rule={},
        rules_agree=True,
        evidence=0.0,
    )


def _candidates(
    state: DeliberationState, config: DeliberationConfig
) -> list[Candidate]:
    found, category = [], category_of(state, config)
    for proposal in (state["proposals"][id_] for id_ in state["candidates"]):
        skill = config.expert(proposal.expert).skill_for(category)
        evidence_of_author = skill_evidence(
            skill if config.use_skill else None,
            wrong_answers=config.plausible_wrong_answers,
        )
        found.append(
            Candidate(
                answer=proposal.key,
                digest=text_digest(proposal.text),
                evidence=evidence_of_author,
            )
        )
    return found


def _incumbent(state: DeliberationState, candidates: list[Candidate]) -> int | None:
    """The column of a candidate that says what the incumbent says, if there is one."""
    incumbent = incumbent_of(state, state["round"])
    key = incumbent.key if incumbent else None
    return next((i for i, c in enumerate(candidates) if c.answer == key), None)


def _with_kept_evidence(
    state: DeliberationState, candidates: list[Candidate], held: int
) -> Candidate:
    """Give the incumbent's answer at least the evidence it won with.

    Whoever proposes it again may know less than whoever proposed it first.
    """
    answer = candidates[held].answer
    now = sum(c.evidence for c in candidates if c.answer == answer)
    won = next(
        (
            a.evidence
            for a in state["tallies"][str(state["round"] - 1)].answers
            if a.key == answer
        ),
        0.0,
    )
    more = max(0.0, won - now)
    return replace(candidates[held], evidence=candidates[held].evidence + more)


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


def _known(ids: list[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {
        id_: float(v) for id_, v in zip(ids, values, strict=True) if not np.isnan(v)
    }
