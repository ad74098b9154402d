"""The votes of a round as a matrix: reviewers down, candidates across."""

from typing import Any

from nsed.protocol.identity_mask import label
from nsed.state.records import Ballot, Proposal
from nsed.state.run_record import RunRecord

__all__ = ["vote_matrix"]


def vote_matrix(record: RunRecord, number: int) -> dict[str, Any] | None:
    """Who gave what to whom, or None before anybody could.

    A cell has a `kind`: `vote`, with the mark as written and, once the round is
    decided, the vote as counted; `self`, one's own proposal, masked; `unmarked`, shown
    but not judged; `ungiven`, not given to this reviewer; `absent`, the whole ballot is
    missing; `pending`, it may still come.
    """
    tally = record.tallies.get(str(number))
    ballots = {b.reviewer: b for b in record.ballots.values() if b.round == number}
    seen = [id_ for ballot in ballots.values() for id_ in ballot.shown]
    fresh = [p.id for p in record.proposals.values() if p.round == number]
    columns = dict.fromkeys([*(tally.candidates if tally else fresh), *seen])
    team = record.teams.get(str(number))
    seats = team.in_role("reviewer") if team else ()
    if not columns or not (seats or ballots):
        return None
    candidates = [record.proposals[id_] for id_ in columns]
    candidates.sort(key=lambda p: (-p.round, _place(seats, p.expert), p.id))
    absent = {
        a.expert
        for a in record.absences.values()
        if (a.round, a.phase) == (number, "review")
    }
    votes = tally.votes if tally else {}
    return {
        "candidates": [
            {
                "id": candidate.id,
                "expert": candidate.expert,
                "answer": candidate.answer,
                "round": candidate.round,
                "support": tally.net_support.get(candidate.id) if tally else None,
                "leads": tally is not None and tally.winner == candidate.id,
            }
            for candidate in candidates
        ],
        "reviewers": [
            {
                "reviewer": reviewer,
                "absent": reviewer in absent,
                "repaired": reviewer in ballots and ballots[reviewer].repaired,
                "dropped_labels": ballots[reviewer].dropped_labels
                if reviewer in ballots
                else (),
                "cells": [
                    _cell(
                        reviewer,
                        candidate,
                        ballots.get(reviewer),
                        votes.get(reviewer, {}),
                        missing="absent"
                        if reviewer in absent or tally is not None
                        else "pending",
                    )
                    for candidate in candidates
                ],
            }
            for reviewer in dict.fromkeys([*seats, *ballots])
        ],
    }


def _place(seats: tuple[str, ...], expert: str) -> int:
    return seats.index(expert) if expert in seats else len(seats)


def _cell(
    reviewer: str,
    candidate: Proposal,
    ballot: Ballot | None,
    votes: dict[str, float],
    *,
    missing: str,
) -> dict[str, Any]:
    if candidate.expert == reviewer:
        return {"kind": "self"}
    if ballot is None:
        return {"kind": missing}
    if candidate.id not in ballot.shown:
        return {"kind": "ungiven"}
    name = label(ballot.shown.index(candidate.id))
    mark = ballot.written.get(name)
    if mark is None:
        return {"kind": "unmarked", "label": name}
    return {
        "kind": "vote",
        "label": name,
        "weight": mark.weight,
        "vote": votes.get(candidate.id),
        "critique": mark.critique,
        "claims": mark.claims,
    }
