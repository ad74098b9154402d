"""One round of a run record: proposals, ballots, tallies, memory, absences."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from nsed.cli.plain_text import one_line, visible
from nsed.cli.support_table import answer_of
from nsed.phrases import signed
from nsed.protocol.identity_mask import label
from nsed.state.human import Intervention
from nsed.state.records import Absence, Ballot, Memory
from nsed.state.run_record import RunRecord
from nsed.state.team import Role, Team

__all__ = ["round_view"]

_MEMORY_CHARS = 100
_ROLES: tuple[Role, ...] = ("proposer", "reviewer")


def round_view(record: RunRecord, number: int) -> Iterator[RenderableType]:
    """Everything the record holds about a round."""
    if team := record.teams.get(str(number)):
        yield from _team(team)
    yield from _proposals(record, number)
    for ballot in record.ballots.values():
        if ballot.round == number:
            yield from _ballot(record, ballot)
    if tally := record.tallies.get(str(number)):
        yield Text(
            f"Decided by {tally.decided_by} ({tally.rule}): "
            f"{answer_of(record, tally.winner, 60)}, conviction "
            f"{signed(tally.conviction)}, evidence {tally.evidence:.2f}"
        )
        for rule, winner in tally.winners_by_rule.items():
            yield Text(f"  {visible(rule)}: {answer_of(record, winner, 60)}", "dim")
    if memory := record.memories.get(str(number)):
        yield from _memory(memory)
    for absence in record.absences.values():
        if absence.round == number:
            yield from _absence(record, absence)
    if intervention := record.interventions.get(str(number)):
        yield _said(record, intervention)


def _team(team: Team) -> Iterator[RenderableType]:
    if team.bound.startswith("re-bound"):
        yield Text(visible(team.bound), "yellow")
    for role in _ROLES:
        seats = ", ".join(team.in_role(role)) or "nobody"
        yield Text(f"{role}s, by {visible(team.broker)}: {visible(seats)}", "dim")


def _proposals(record: RunRecord, number: int) -> Iterator[RenderableType]:
    for proposal in record.proposals.values():
        if proposal.round == number:
            answer = one_line(proposal.answer or "in prose", 60)
            name = (visible(proposal.expert), "bold")
            yield Text.assemble(name, f" answers {answer}")
            yield Padding(Text(visible(proposal.text)), (0, 0, 0, 2))


def _said(record: RunRecord, intervention: Intervention) -> Text:
    """What the user decided after the round."""
    said = {"approve": "you went along", "stop": "you stopped"}
    parts = [said[intervention.action]] if intervention.action in said else []
    if intervention.veto:
        parts.append(f"you vetoed {answer_of(record, intervention.veto, 60)}")
    if intervention.note:
        parts.append(f"{'' if parts else 'you '}told all: {visible(intervention.note)}")
    words = " and ".join(parts)
    return Text(f"After round {intervention.round} {words}", "bold")


def _absence(record: RunRecord, absence: Absence) -> Iterator[Text]:
    """Who was absent and why, and what he wrote that could not be used."""
    yield Text(
        f"{visible(absence.expert)} was absent ({absence.phase}, "
        f"{visible(absence.kind)}): {one_line(absence.reason, 300)}",
        "red",
    )
    calls = [
        call
        for call in record.calls.values()
        if (call.round, call.phase) == (absence.round, absence.phase)
        and call.expert == absence.expert
        and call.reply
    ]
    if calls:
        yield Text(f"  it wrote: {one_line(calls[-1].reply, 400)}", "dim")


def _ballot(record: RunRecord, ballot: Ballot) -> Iterator[Text]:
    notes = " (JSON repaired)" if ballot.repaired else ""
    if ballot.dropped_labels:
        notes += f" (unknown labels dropped: {', '.join(ballot.dropped_labels)})"
    yield Text.assemble((visible(ballot.reviewer), "bold"), f" reviews{visible(notes)}")
    tally = record.tallies.get(str(ballot.round))
    votes = tally.votes.get(ballot.reviewer, {}) if tally else {}
    for index, proposal in enumerate(ballot.shown):
        mark = ballot.written.get(label(index))
        name, answer = label(index), answer_of(record, proposal, 40)
        if mark is None:
            yield Text(f"  {name} ({answer}): not voted on", "dim")
            continue
        cast = f", vote {signed(votes[proposal])}" if proposal in votes else ""
        yield Text(
            f"  {name} ({answer}): weight {mark.weight:+d}{cast}. "
            f"{one_line(mark.critique, 400)}"
        )


def _memory(memory: Memory) -> Iterator[Text]:
    yield Text(f"Memory for the next round: {memory.tokens} tokens", "bold")
    for item in memory.kept:
        yield Text(f"  kept {item.kind}: {one_line(item.text, _MEMORY_CHARS)}")
    for dropped in memory.dropped:
        text = one_line(dropped.item.text, _MEMORY_CHARS)
        yield Text(f"  {dropped.reason}: {dropped.item.kind}: {text}", "dim")
