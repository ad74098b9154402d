"""One round as the run page shows it: team, proposals, ballots, outcome, memory."""

from collections.abc import Iterable
from typing import Any

from nsed.answer_rows import answer_rows
from nsed.state.records import Absence, Memory, Proposal, Tally
from nsed.state.run_record import RunRecord
from nsed.state.team import Team
from nsed.studio.vote_matrix import vote_matrix

__all__ = ["absences_view", "round_view"]


def round_view(record: RunRecord, number: int) -> dict[str, Any]:
    """Everything the record holds about a round, names revealed."""
    key = str(number)
    team, tally = record.teams.get(key), record.tallies.get(key)
    memory, said = record.memories.get(key), record.interventions.get(key)
    missing = [a for a in record.absences.values() if a.round == number]
    return {
        "number": number,
        "team": team and _team(team),
        "proposals": _proposals(record, number, team, tally),
        "matrix": vote_matrix(record, number),
        "tally": tally and _tally(record, tally),
        "memory": memory and _memory(memory),
        "absences": absences_view(record, missing),
        "intervention": said
        and {
            "action": said.action,
            "note": said.note,
            "vetoed": _answer(record.proposals[said.veto]) if said.veto else "",
        },
    }


def absences_view(
    record: RunRecord, absences: Iterable[Absence]
) -> list[dict[str, Any]]:
    """Who was missing, when and why, and what he wrote that could not be used."""
    return [
        {
            **absence.model_dump(mode="json"),
            "wrote": next(
                (
                    call.reply
                    for call in reversed(record.calls.values())
                    if (call.round, call.phase) == (absence.round, absence.phase)
                    and call.expert == absence.expert
                ),
                "",
            ),
        }
        for absence in sorted(absences, key=lambda a: (a.round, a.phase, a.expert))
    ]


def _team(team: Team) -> dict[str, Any]:
    told = team.model_dump(mode="json", exclude={"seats", "started_at", "round"})
    return {
        **told,
        "proposers": team.in_role("proposer"),
        "reviewers": team.in_role("reviewer"),
    }


def _proposals(
    record: RunRecord, number: int, team: Team | None, tally: Tally | None
) -> list[dict[str, Any]]:
    seats = team.in_role("proposer") if team else ()
    mine = [p for p in record.proposals.values() if p.round == number]
    mine.sort(key=lambda p: (seats.index(p.expert) if p.expert in seats else 999, p.id))
    support = tally.net_support if tally else {}
    return [
        {
            "id": proposal.id,
            "expert": proposal.expert,
            "answer": proposal.answer,
            "text": proposal.text,
            "support": support.get(proposal.id),
            "leads": tally is not None and tally.winner == proposal.id,
            "same": tally is not None
            and record.proposals[tally.winner].key == proposal.key,
        }
        for proposal in mine
    ]


def _tally(record: RunRecord, tally: Tally) -> dict[str, Any]:
    winner = record.proposals[tally.winner]
    free = tally.unguarded_winner
    unguarded = record.proposals[free] if free else None
    return {
        "rule": tally.rule,
        "decided_by": tally.decided_by,
        "winner": _answer(winner),
        "conviction": tally.conviction,
        "evidence": tally.evidence,
        "answers": [
            {
                "answer": _answer(record.proposals[row.proposals[0]]),
                "support": row.net_support,
                "score": row.score,
                "leads": tally.winner in row.proposals,
                "by": [
                    {"expert": found.expert, "round": found.round}
                    for found in (record.proposals[id_] for id_ in row.proposals)
                ],
            }
            for row in answer_rows(record, tally)
        ],
        "rules": [
            {
                "rule": rule,
                "answer": _answer(record.proposals[id_]),
                "same": record.proposals[id_].key == winner.key,
            }
            for rule, id_ in tally.winners_by_rule.items()
        ],
        "rules_agree": tally.rules_agree,
        "guards": tally.guards,
        "unguarded": _answer(unguarded)
        if unguarded and unguarded.key != winner.key
        else None,
    }


def _memory(memory: Memory) -> dict[str, Any]:
    def item(kept: Any) -> dict[str, Any]:  # noqa: ANN401 - a MemoryItem
        return {
            "kind": kept.kind,
            "text": kept.text,
            "round": kept.born_round,
            "support": kept.support,
            "tokens": kept.tokens,
        }

    return {
        "tokens": memory.tokens,
        "kept": [item(kept) for kept in memory.kept],
        "dropped": [
            {**item(dropped.item), "reason": dropped.reason}
            for dropped in memory.dropped
        ],
    }


def _answer(proposal: Proposal) -> str:
    """What it answers: the short answer, or how its text begins."""
    words = proposal.answer or " ".join(proposal.text.split())
    return words if len(words) <= _MOST else f"{words[:_MOST]}…"


_MOST = 160
"""Characters of a long answer that stand for it in a table."""
