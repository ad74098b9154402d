"""The broker's receipt, for people: who, at what cost, within which limits, who not.

One renderer for `nsed plan`, which shows what would happen, and `nsed show`, which
shows what did.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nsed.cli.plain_text import visible
from nsed.cli.receipt_tables import left_out_table, limits_table, seats_table
from nsed.cli.utility_bars import UtilityBars
from nsed.phrases import money, plural
from nsed.state.team import Forecast, Receipt, Role, TaskProfile, Team

__all__ = ["receipt_view"]

_ROLES: tuple[Role, ...] = ("proposer", "reviewer")
_CHANCE = (
    "Chance: that its answer is right, or that its ballot backs the winner. Seen: how "
    "many observations (old ones faded) stand behind that."
)


def receipt_view(team: Team) -> Iterator[RenderableType]:
    """All of it; of a team without a receipt, who is in it."""
    if team.profile is not None:
        yield _task(team.profile)
    receipt = team.receipt
    if receipt is None:
        yield from _seats_alone(team)
        return
    yield from _value(team, receipt)
    yield from (Text(), seats_table(receipt), Text(_CHANCE, "dim"))
    yield from (Text(), *_forecast(receipt.forecast))
    if receipt.limits:
        yield from (_heading("Limits"), limits_table(receipt))
        if any("set aside" in limit.limit for limit in receipt.limits):
            yield Text(
                "set aside: what came before as expected, and the worst case of the "
                "last round's answers, or reviews",
                "dim",
            )
    if receipt.left_out:
        yield from (_heading("Left out"), left_out_table(receipt))
    if receipt.notes:
        yield _heading("Notes")
        yield from (
            Padding(Text(visible(f"- {note}")), (0, 0, 0, 2)) for note in receipt.notes
        )


def _heading(words: str) -> Text:
    return Text(f"\n{words}", "bold")


def _task(profile: TaskProfile) -> Text:
    return Text(
        f"A {visible(profile.category)} task of about "
        f"{plural(profile.input_tokens, 'token')}; answers of about "
        f"{plural(profile.answer_tokens, 'token')} are expected."
    )


def _seats_alone(team: Team) -> Iterator[Text]:
    for role in _ROLES:
        members = ", ".join(team.in_role(role)) or "nobody"
        yield Text(f"{role.capitalize()}s, by {team.broker}: {visible(members)}")
    yield Text(
        f"{visible(team.broker)} gives no receipt, only the knapsack does "
        "(--broker knapsack). The fixed team keeps roles, bans and licences, and looks "
        "at no other limit before the ledger does.",
        "dim",
    )


def _value(team: Team, receipt: Receipt) -> Iterator[Text]:
    experts = len({seat.expert for seat in team.seats})
    if receipt.status == "optimal":
        rounds = plural(receipt.forecast.rounds, "round")
        proven = f"no team within the limits is worth more in {rounds}"
    else:
        proven = f"a better one could be worth {100 * receipt.gap:.2g} % more"
    yield Text.assemble(
        (f"Team of {experts}, {receipt.status}", "bold"), f": {proven}."
    )
    less = f", with {receipt.redundancy:.3f} off for shared errors"
    yield Text(
        f"It is worth {receipt.objective:.3f} nats{less if receipt.redundancy else ''}."
    )
    proposers = len(team.in_role("proposer"))
    if proposers > 1:
        yield Text(
            f"Its {proposers} proposers are as good as n_eff = {receipt.n_eff:.2f} "
            f"independent ones (mean correlation {receipt.correlation:.2f})."
        )


def _forecast(forecast: Forecast) -> Iterator[RenderableType]:
    cost, time = f"{money(forecast.usd)} USD", "unknown"
    if forecast.usd is None:
        cost = "unknown"
    elif forecast.usd_most:
        cost += (
            f"; {money(forecast.usd_least)} if one round settles it, "
            f"{money(forecast.usd_most)} at the most"
        )
    if forecast.seconds is not None:
        time = f"{forecast.seconds:,.0f} s, if a call in every phase is slow (p95)"
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, words in (
        ("Rounds", f"{forecast.rounds} planned"),
        ("Cost", cost),
        ("Calls", f"{forecast.calls:,}"),
        ("Tokens", f"{forecast.input_tokens:,} in, {forecast.output_tokens:,} out"),
        ("Time", time),
    ):
        table.add_row(f"  {name}", words)
    yield from (Text("Expected", "bold"), table)
    if forecast.utility:
        yield Text("  Utility of so many rounds (its constants are illustrative):")
        yield UtilityBars(forecast.utility)
