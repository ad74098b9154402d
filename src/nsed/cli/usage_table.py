"""The bill: calls, tokens, dollars and seconds of every expert, and in all."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.phrases import dollars, usd
from nsed.protocol.usage import Usage, total_usage
from nsed.state.records import CallRecord
from nsed.state.run_record import RunRecord, UnfinishedRecord

__all__ = ["calls_table", "usage_table"]


def usage_table(record: RunRecord) -> Table:
    """One line an expert; seconds are of its calls, which overlap."""
    finished = not isinstance(record, UnfinishedRecord)
    seconds = record.verdict.seconds if finished else None
    return calls_table(list(record.calls.values()), seconds)


def calls_table(calls: Sequence[CallRecord], clock_s: float | None) -> Table:
    """The same for any calls.

    Args:
        calls: Of one run, or of several.
        clock_s: How long it took in all, in seconds; None: nobody knows.
    """
    total = total_usage(call.usage for call in calls)
    table = Table(
        box=box.SIMPLE,
        pad_edge=False,
        show_edge=False,
        show_footer=True,
        caption=_remarks(calls, total, clock=clock_s is not None),
        caption_justify="left",
    )
    table.add_column("Expert", footer="total", overflow="fold")
    in_all_s = total.latency_ms / 1000 if clock_s is None else clock_s
    for header, footer in _columns(calls, in_all_s).items():
        table.add_column(header, footer=footer, justify="right")
    shown = [str(column.header) for column in table.columns[1:]]
    for expert in dict.fromkeys(call.expert for call in calls):
        mine = [call for call in calls if call.expert == expert]
        seconds = total_usage(call.usage for call in mine).latency_ms / 1000
        cells = _columns(mine, seconds)
        table.add_row(Text(expert), *(cells.get(header, "") for header in shown))
    return table


def _remarks(calls: Sequence[CallRecord], total: Usage, *, clock: bool) -> str:
    remarks = ["seconds: of the calls, which overlap"]
    if clock:
        remarks[0] += "; in all: by the clock"
    if lost := sum(call.outcome == "lost" for call in calls):
        remarks.append(f"{lost} cut off by the end of a process: perhaps charged")
    if any(call.cached for call in calls):
        remarks.append("cached: answered from the response cache, at no cost")
    if total.estimated_calls:
        remarks.append("~ estimated, because no token counts were reported")
    if total.unpriced_calls and total.nano_usd:
        known = dollars(total.nano_usd)
        remarks.append(f"the calls with known prices cost {known} USD")
    return "\n".join(remarks)


def _columns(calls: Sequence[CallRecord], seconds: float) -> dict[str, str]:
    """A line of the bill by header; `Cached` only where something was."""
    used = total_usage(call.usage for call in calls)
    failed = sum(call.outcome != "ok" for call in calls)
    cached = sum(call.cached for call in calls)
    about = "~" if used.estimated_calls else ""
    return {
        "Calls": str(used.calls),
        **({"Cached": str(cached)} if cached else {}),
        "Failed": str(failed) if failed else "",
        "Tokens in": f"{about}{used.input_tokens:,}",
        "Tokens out": f"{about}{used.output_tokens:,}",
        "USD": usd(used),
        "Seconds": f"{seconds:.1f}",
    }
