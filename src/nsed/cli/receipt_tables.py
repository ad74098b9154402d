"""The tables of a receipt: seats, limits, and who was left out."""

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.plain_text import one_line, visible
from nsed.phrases import money
from nsed.state.team import LimitUse, Receipt, SeatReason

__all__ = ["left_out_table", "limits_table", "seats_table"]

_NAME_CHARS = 24


def seats_table(receipt: Receipt) -> Table:
    """One line a seat, under its expert's name."""
    table = _table()
    table.add_column("Seat", no_wrap=True)
    for header in ("Nats", "Chance, 90 %", "Seen", "p95 s", "USD"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold")
    for expert in dict.fromkeys(seat.expert for seat in receipt.chosen):
        table.add_row(Text(one_line(expert, _NAME_CHARS), "bold"))
        for seat in receipt.chosen:
            if seat.expert == expert:
                table.add_row(*_seat(seat))
    return table


def limits_table(receipt: Receipt) -> Table:
    """One line a limit; one that leaves no room is bold."""
    table = _table()
    table.add_column("Limit", overflow="fold")
    for header in ("Used", "Allowed", "Slack"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Unit", no_wrap=True)
    for limit in receipt.limits:
        at = "least" if limit.limit.startswith(("least_", "min_")) else "most"
        table.add_row(
            Text(visible(limit.limit)),
            _amount(limit, limit.used),
            f"at {at} {_amount(limit, limit.allowed)}",
            _amount(limit, limit.slack),
            Text(visible(limit.unit)),
            style="bold" if limit.slack <= 0 else "",
        )
    return table


def left_out_table(receipt: Receipt) -> Table:
    """One line an expert, and the cheapest change that would let him in."""
    table = _table()
    table.add_column("Expert", overflow="fold")
    table.add_column("Why", overflow="fold")
    table.add_column("What would let it in", overflow="fold")
    quiet = [one for one in receipt.left_out if one.change.startswith("not looked")]
    for one in receipt.left_out:
        if one in quiet[1:]:
            continue
        if quiet and one is quiet[0]:
            names = (
                f"{one.expert} and {len(quiet) - 1} more" if quiet[1:] else one.expert
            )
            table.add_row(Text(visible(names), "bold"), one.why, one.change)
            continue
        change = visible(one.change) or "no single change"
        table.add_row(Text(visible(one.expert), "bold"), visible(one.why), change)
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)


def _seat(seat: SeatReason) -> tuple[str, ...]:
    return (
        f"  {seat.role}",
        f"{seat.value:.3f}",
        f"{seat.chance:.2f} ({seat.low:.2f}–{seat.high:.2f})",
        f"{seat.observed:.3g}",
        "–" if seat.latency_s is None else f"{seat.latency_s:.2f}",
        money(seat.usd),
        visible(seat.why),
    )


def _amount(limit: LimitUse, value: float) -> str:
    if limit.unit == "USD":
        return ("-" if value < 0 else "") + money(abs(value))
    digits = {"GB": 2, "s": 1}.get(limit.unit, 0)
    return f"{value:,.{digits}f}"
