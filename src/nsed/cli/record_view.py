"""The whole of a run record as a page of text."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from nsed.cli.consoles import stdout_console
from nsed.cli.plain_text import one_line, visible
from nsed.cli.receipt_view import receipt_view
from nsed.cli.record_rounds import round_view
from nsed.cli.report import final_report
from nsed.cli.usage_table import usage_table
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord, UnfinishedRecord

__all__ = ["print_record"]


def print_record(record: RunRecord, *, state: str = "") -> None:
    """Print it on stdout; `state` says how a run without a verdict stands."""
    stdout_console().print(Group(*_parts(record, state)))


def _parts(record: RunRecord, state: str) -> Iterator[RenderableType]:
    started = datetime.fromtimestamp(record.started_at, UTC)
    yield Text(f"Run {visible(record.run_id)}", "bold")
    yield Text(
        f"{visible(record.graph)}, {started:%Y-%m-%d %H:%M:%S} UTC, "
        f"nsed {visible(record.nsed_version)}"
    )
    if record.forked_from:
        yield Text(f"forked from {visible(record.forked_from)}")
    yield Rule("Task", align="left")
    yield Text(visible(record.task))
    yield Rule("Settings", align="left")
    yield from _settings(record)
    for key, team in sorted(record.teams.items(), key=lambda item: int(item[0])):
        if team.receipt is not None:
            yield Rule(f"Team of round {key}", align="left")
            yield from receipt_view(team)
    for number in sorted({p.round for p in record.proposals.values()}):
        yield Rule(f"Round {number}", align="left")
        yield from round_view(record, number)
    if isinstance(record, UnfinishedRecord):
        yield Rule("No verdict yet", align="left")
        yield Text(visible(state))
        yield usage_table(record)
        return
    if wrote := record.synthesis:
        yield Rule("Final text", align="left")
        used = "used" if wrote.used else "not used, it changed the answer"
        yield Text.assemble((visible(wrote.expert), "bold"), f" wrote it; {used}")
        if not wrote.used:  # else it stands below
            yield Padding(Text(visible(wrote.text)), (0, 0, 0, 2))
    yield Rule("Verdict", align="left")
    yield Padding(Text(visible(record.verdict.text)), (0, 0, 0, 2))
    yield final_report(record)


def _settings(record: RunRecord) -> Iterator[Text]:
    plain = DeliberationConfig()
    for name in type(record.context).model_fields:
        value = getattr(record.context, name)
        if name != "experts" and value != getattr(plain, name):
            yield Text(f"{name} = {one_line(str(value), 200)}")
    for expert in record.context.experts:
        model = expert.model or expert.model_class or "scripted"
        yield Text(f"{expert.name}: {expert.provider}, {one_line(model, 120)}")
    hashes = ", ".join(f"{n} {digest[:8]}" for n, digest in record.prompts.items())
    yield Text(f"prompts: {visible(hashes)}", "dim")
