"""Vetoes: what the user has ruled out is no candidate, no incumbent and no memory."""

from collections import Counter

import numpy as np

from nsed.protocol.consensus import conviction
from nsed.state.records import Memory, Proposal, Tally
from nsed.state.schema import DeliberationState

__all__ = ["incumbent_of", "remembered", "standing", "vetoed_answers"]


def vetoed_answers(state: DeliberationState) -> frozenset[str]:
    """Keys of the answers that are ruled out."""
    decided = state.get("interventions", {}).values()
    return frozenset(one.vetoed_answer for one in decided if one.vetoed_answer)


def standing(state: DeliberationState, tally: Tally) -> Tally | None:
    """A tally without what is ruled out; the next best leads. None: nothing is left."""
    vetoed, proposals = vetoed_answers(state), state["proposals"]
    ids = tuple(id_ for id_ in tally.candidates if proposals[id_].key not in vetoed)
    if len(ids) == len(tally.candidates):
        return tally
    if not ids:
        return None
    answers = tuple(answer for answer in tally.answers if answer.key not in vetoed)
    count = Counter(proposals[id_].key for id_ in ids)
    best = (
        max(answers, key=lambda a: (a.score, a.key)).key
        if answers
        else max(count, key=lambda key: (count[key], key))
    )
    if proposals[tally.winner].key not in vetoed:
        best = proposals[tally.winner].key
    same = sorted(id_ for id_ in ids if proposals[id_].key == best)
    support = np.array(
        [np.nan if a.net_support is None else a.net_support for a in answers]
    )
    keys = [answer.key for answer in answers]
    return tally.model_copy(
        update={
            "candidates": ids,
            "answers": answers,
            "winner": tally.winner
            if tally.winner in same
            else max(same, key=lambda id_: tally.net_support.get(id_, -2.0)),
            "conviction": conviction(support, keys.index(best)) if answers else 0.0,
        }
    )


def incumbent_of(state: DeliberationState, before: int) -> Proposal | None:
    """The best proposal of the rounds before one, or None."""
    for number in range(before - 1, 0, -1):
        tally = state.get("tallies", {}).get(str(number))
        left = standing(state, tally) if tally else None
        if left is not None:
            return state["proposals"][left.winner]
    return None


def remembered(state: DeliberationState, round_number: int) -> Memory | None:
    """The memory a round left behind, without what is ruled out."""
    memory = state.get("memories", {}).get(str(round_number))
    vetoed = vetoed_answers(state)
    if memory is None or not vetoed:
        return memory
    kept = tuple(item for item in memory.kept if item.answer not in vetoed)
    return memory.model_copy(
        update={"kept": kept, "tokens": sum(item.tokens for item in kept)}
    )
