"""Limits in the words a user knows: what they are, and how to change them."""

from collections.abc import Callable
from math import ceil, floor, log10

from nsed.brokers.clashes import Change, Limit
from nsed.brokers.team_problem import ROLES, TeamProblem
from nsed.protocol.usage import NANO_USD

__all__ = ["amount", "change_in_words", "limit_name", "unit_of"]

GB = 1e9
DIGITS = 3
_ONE = {"seats": "seat", "families": "family", "tokens": "token", "calls": "call"}


def limit_name(limit: Limit, posed: TeamProblem) -> str:
    """What the user calls a limit."""
    i = limit.index
    names: dict[str, Callable[[], str]] = {
        "pin": lambda: f"pins: {posed.listings[i].name}",
        "families": lambda: "min_families",
        "latency": lambda: "phase_latency_s",
        "context": lambda: "context_tokens",
        "memory": lambda: f"hosts: {posed.hosts[i]}",
        "resource": lambda: posed.problem.resources[i].name,
        "least": lambda: f"least_{ROLES[i]}s",
        "most": lambda: f"most_{ROLES[i]}s",
    }
    return names[limit.kind]()


def unit_of(limit: Limit, posed: TeamProblem) -> tuple[str, float]:
    """Unit of a limit, and how many of the program's units make one of it."""
    if limit.kind == "memory":
        return "GB", GB
    if limit.kind == "resource":
        name = posed.problem.resources[limit.index].name
        if name.startswith("max_usd"):
            return "USD", NANO_USD
        return ("tokens" if "tokens" in name else "calls"), 1.0
    return ("families" if limit.kind == "families" else "seats"), 1.0


def amount(units: float, unit: str, *, up: bool = False) -> str:
    """A number with its unit, with digits enough to act on.

    Args:
        units: How many.
        unit: Of what.
        up: Round up, so that a limit of this amount does.
    """
    if unit in ("USD", "GB"):
        if not units:
            return f"0 {unit}"
        step = 10.0 ** (floor(log10(abs(units))) - DIGITS + 1)
        return f"{ceil(units / step - 1e-9) * step if up else units:.6g} {unit}"
    noun = _ONE[unit] if units == 1 else unit
    return f"{units:,.0f} {noun}"


def change_in_words(change: Change, posed: TeamProblem) -> str:
    """How to change a limit so that there is a team."""
    limit, name = change.limit, limit_name(change.limit, posed)
    if change.needed is None:
        return {
            "pin": f"take {posed.listings[limit.index].name} out of pins"
            if limit.kind == "pin"
            else "",
            "latency": "leave phase_latency_s out, or raise it",
            "context": "shorten answers (answer_tokens), or use experts with larger "
            "context_tokens",
        }[limit.kind]
    unit, scale = unit_of(limit, posed)
    # What this run has spent already counts against the cap as well.
    spent = _spent(limit, posed)
    now, needed = (change.now + spent) / scale, (change.needed + spent) / scale
    verb = "raise" if needed > now else "lower"
    cap = name.removesuffix(" (set aside)")
    why = " (the worst case of the first answers)" if cap != name else ""
    return (
        f"{verb} {cap} from {amount(now, unit)} to {amount(needed, unit, up=True)}{why}"
    )


def _spent(limit: Limit, posed: TeamProblem) -> int:
    if limit.kind != "resource":
        return 0
    name, spent = posed.problem.resources[limit.index].name, posed.request.spent
    if name.startswith("max_usd"):
        return spent.nano_usd
    return spent.tokens if "tokens" in name else spent.calls
