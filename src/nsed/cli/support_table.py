"""Rounds × answers: net support, who gave it, who won, what other rules would pick."""

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.answer_rows import AnswerRow, answer_rows, tallies_of
from nsed.cli.plain_text import one_line, visible
from nsed.phrases import signed
from nsed.state.run_record import RunRecord

__all__ = ["answer_of", "rule_lines", "support_table"]

_ANSWER_CHARS = 160


def answer_of(record: RunRecord, proposal: str, limit: int = _ANSWER_CHARS) -> str:
    """What a proposal answers, on one line: the short answer, or how it begins."""
    found = record.proposals[proposal]
    return one_line(found.answer or found.text, limit)


def support_table(record: RunRecord) -> Table:
    """One line for each answer of each round, best first."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Round", justify="right")
    table.add_column("Answer", overflow="fold", ratio=1)
    table.add_column("Net support", justify="right", no_wrap=True)
    table.add_column("Given by", overflow="fold", max_width=24)
    table.add_column("")
    for tally in tallies_of(record):
        for index, row in enumerate(answer_rows(record, tally)):
            won = tally.winner in row.proposals
            table.add_row(
                str(tally.round) if index == 0 else "",
                Text(answer_of(record, row.proposals[0]), "bold" if won else ""),
                signed(row.net_support),
                Text(_authors(record, row, tally.round)),
                "leads" if won else "",
            )
        table.add_section()
    return table


def rule_lines(record: RunRecord) -> Iterator[Text]:
    """What the five voting rules make of the same ballots."""
    for tally in tallies_of(record):
        if not tally.winners_by_rule:
            words = "no ballots; the most frequent answer led."
            yield Text(f"Round {tally.round}: {words}")
        elif not tally.rules_agree:
            picks: dict[str, list[str]] = {}
            for rule, proposal in tally.winners_by_rule.items():
                key = record.proposals[proposal].key
                picks.setdefault(key, []).append(rule)
            said = "; ".join(
                f"{', '.join(rules)}: "
                + answer_of(record, tally.winners_by_rule[rules[0]], 40)
                for rules in picks.values()
            )
            yield Text(f"Round {tally.round}: the rules disagree. {said}.", "yellow")
    yield from _guard_lines(record)
    decided = [tally for tally in tallies_of(record) if tally.winners_by_rule]
    if decided and all(tally.rules_agree for tally in decided):
        rules = ", ".join(decided[0].winners_by_rule)
        yield Text(f"All rules agree in every round ({rules}).", "dim")


def _guard_lines(record: RunRecord) -> Iterator[Text]:
    """What the vote's guards did, and whether they turned a round."""
    for tally in tallies_of(record):
        for words in tally.guards:
            yield Text(f"Round {tally.round}: {visible(words)}", "dim")
        free = tally.unguarded_winner
        if free and record.proposals[free].key != record.proposals[tally.winner].key:
            led = answer_of(record, free, 40)
            yield Text(f"Round {tally.round}: without its guards, {led}.", "yellow")


def _authors(record: RunRecord, row: AnswerRow, round_number: int) -> str:
    said = (record.proposals[proposal] for proposal in row.proposals)
    return ", ".join(
        p.expert if p.round == round_number else f"{p.expert} (round {p.round})"
        for p in said
    )
