"""The first team's receipt in two lines: its worth, its cost as said and as paid."""

from collections.abc import Iterator

from rich.text import Text

from nsed.cli.plain_text import visible
from nsed.phrases import money, plural, usd
from nsed.protocol.usage import total_usage
from nsed.state.run_record import RunRecord

__all__ = ["receipt_lines"]


def receipt_lines(record: RunRecord) -> Iterator[Text]:
    """Nothing, where the broker gave no receipt. Re-bindings are among the notes."""
    team = record.teams.get("1")
    if team is None or team.receipt is None:
        return
    receipt = team.receipt
    experts = ", ".join(dict.fromkeys(seat.expert for seat in team.seats))
    proposers = plural(len(team.in_role("proposer")), "proposer")
    yield Text(
        f"Team: {visible(experts)} ({receipt.status}, {receipt.objective:.2f} nats, "
        f"n_eff {receipt.n_eff:.2f} of {proposers})."
    )
    used = total_usage(call.usage for call in record.calls.values())
    expected = receipt.forecast.usd
    if expected is None and used.unpriced_calls:
        return
    said = "unknown" if expected is None else f"{money(expected)} USD"
    paid = "unknown" if used.unpriced_calls else f"{usd(used)} USD"
    yield Text(
        f"Expected {said} for {plural(receipt.forecast.rounds, 'round')}; "
        f"cost {paid} for {plural(record.verdict.rounds, 'round')}."
    )
