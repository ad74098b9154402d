"""The bill: calls, tokens, dollars and seconds of every expert, and in all."""

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.phrases import dollars, usd
from nsed.protocol.usage import Usage, total_usage
from nsed.state.run_record import RunRecord

__all__ = ["usage_table"]


def usage_table(record: RunRecord) -> Table:
    """One line an expert; seconds are of its calls, which overlap."""
    calls = list(record.calls.values())
    total = total_usage(call.usage for call in calls)
    table = Table(
        box=box.SIMPLE,
        pad_edge=False,
        show_edge=False,
        show_footer=True,
        caption=_remarks(total),
        caption_justify="left",
    )
    failed = sum(call.outcome != "ok" for call in calls)
    cells = _cells(total, failed, record.verdict.seconds)
    headers = ("Calls", "Failed", "Tokens in", "Tokens out", "USD", "Seconds")
    table.add_column("Expert", footer="total", overflow="fold")
    for header, footer in zip(headers, cells, strict=True):
        table.add_column(header, footer=footer, justify="right")
    for expert in dict.fromkeys(call.expert for call in calls):
        mine = [call for call in calls if call.expert == expert]
        used = total_usage(call.usage for call in mine)
        bad = sum(call.outcome != "ok" for call in mine)
        table.add_row(Text(expert), *_cells(used, bad, used.latency_ms / 1000))
    return table


def _remarks(total: Usage) -> str:
    remarks = ["seconds: of the calls, which overlap; in all: by the clock"]
    if total.estimated_calls:
        remarks.append("~ estimated, because no token counts were reported")
    if total.unpriced_calls and total.nano_usd:
        known = dollars(total.nano_usd)
        remarks.append(f"the calls with known prices cost {known} USD")
    return "\n".join(remarks)


def _cells(used: Usage, failed: int, seconds: float) -> tuple[str, ...]:
    about = "~" if used.estimated_calls else ""
    return (
        str(used.calls),
        str(failed) if failed else "",
        f"{about}{used.input_tokens:,}",
        f"{about}{used.output_tokens:,}",
        usd(used),
        f"{seconds:.1f}",
    )
