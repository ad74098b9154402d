"""The end of a run, for people: why it stopped, what is missing, votes and the bill."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from nsed.cli.plain_text import one_line, visible
from nsed.cli.receipt_lines import receipt_lines
from nsed.cli.support_table import answer_of, rule_lines, support_table
from nsed.cli.usage_table import usage_table
from nsed.phrases import COMMITTED, STOPPED, signed
from nsed.state.run_record import RunRecord

__all__ = ["final_report"]


def final_report(record: RunRecord, *, cut_short: bool = False) -> Group:
    """All of it, the loudest first."""
    parts: list[RenderableType] = []
    if cut_short:
        words = "Cut short: this is the best answer so far."
        parts.append(Text(words, "bold yellow"))
    parts += _missing(record)
    parts += _stopped(record)
    parts += receipt_lines(record)
    if record.tallies:
        parts += [Text(), support_table(record), *rule_lines(record)]
    parts += [Text(), usage_table(record)]
    return Group(*parts)


def _stopped(record: RunRecord) -> Iterator[RenderableType]:
    verdict = record.verdict
    if verdict.status == "failed":
        yield Text(f"No answer. {visible(verdict.failure)}", "bold red")
    else:
        answer = (
            one_line(verdict.answer, 60)
            if verdict.synthesized
            else answer_of(record, verdict.proposal, 60)
        )
        yield Text.assemble("In short: ", (answer, "bold"))
    rounds = {0: "before a round was decided", 1: "after 1 round"}.get(
        verdict.rounds, f"after {verdict.rounds} rounds"
    )
    yield Text(
        f"Stopped {rounds}, {verdict.seconds:.1f} s: "
        f"{STOPPED[verdict.stop_reason]} ({verdict.stop_reason})."
    )
    if verdict.rounds:
        yield Text(
            f"Conviction {signed(verdict.conviction)}; "
            f"{COMMITTED[verdict.commit_type]} ({verdict.commit_type})."
        )


def _missing(record: RunRecord) -> Iterator[RenderableType]:
    verdict = record.verdict
    lines = [visible(note) for note in verdict.notes]
    reasons = {a.reason: a for a in verdict.absences}.values()
    lines += [visible(f"  {a.expert}, {a.kind}: {a.reason}") for a in reasons]
    if verdict.status == "complete":
        yield from (Text(line, "yellow") for line in lines)
        return
    alone = {a.phase for a in verdict.absences} == {"synthesize"}
    missing = "no text of the synthesizer" if alone else "not the full panel"
    yield Panel(
        Text("\n".join(lines) or "No reviewer voted."),
        title=f"{verdict.status.upper()}: {missing}",
        border_style="bold red",
        title_align="left",
    )
