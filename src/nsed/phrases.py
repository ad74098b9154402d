"""Plain words and numbers for what a run says about itself."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from nsed.protocol.stopping import CommitType, StopReason
from nsed.protocol.usage import NANO_USD, Usage

__all__ = [
    "COMMITTED",
    "STOPPED",
    "ago",
    "dollars",
    "money",
    "plural",
    "signed",
    "stopped_because",
    "usd",
]

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))

STOPPED: Final[Mapping[StopReason, str]] = {
    StopReason.USER_STOP: "you stopped it",
    StopReason.DEADLINE: "the time is up, or leaves none for another round",
    StopReason.BUDGET: "what is left of the budget cannot carry another step",
    StopReason.NO_TEAM: "too many experts are gone for another round",
    StopReason.NO_QUORUM: "too few took part",
    StopReason.NO_BALLOTS: "too few reviewers, or none, gave a usable ballot",
    StopReason.UNANIMOUS: "everybody agrees and every review is positive",
    StopReason.CONFORMITY_CASCADE: "experts moved to the majority without evidence",
    StopReason.NO_GAIN: "by its settings, reviewing cannot help here",
    StopReason.EVIDENCE: "there is enough evidence for the leading answer",
    StopReason.PERSISTENCE: "the same answer led twice, as firmly or more",
    StopReason.NO_NOVELTY: "the last round brought no new answer",
    StopReason.ROUND_LIMIT: "the last allowed round was played",
}

COMMITTED: Final[Mapping[CommitType, str]] = {
    "early": "it led from the first round on",
    "late": "it took the lead later and kept it",
    "fragmented": "the panel did not settle on it",
}


def stopped_because(reason: str) -> str:
    """Why a run ended, in words; an unknown reason stays as it is."""
    return next((words for key, words in STOPPED.items() if key == reason), reason)


def signed(value: float | None) -> str:
    """A number of [-1, 1] with its sign; a dash where there is none."""
    return "–" if value is None else f"{value:+.2f}"


def usd(usage: Usage) -> str:
    """Dollars, or `unknown` if any call has no known price: that is not 0."""
    return "unknown" if usage.unpriced_calls else dollars(usage.nano_usd)


def dollars(nano_usd: int) -> str:
    """An amount in dollars, small ones with two digits that count."""
    if nano_usd == 0:
        return "0"
    value = nano_usd / NANO_USD
    if value >= 0.01:  # noqa: PLR2004
        return f"{value:.4f}"
    return f"{Decimal(f'{value:.2g}'):f}"  # 0.000021, and not 2.1e-05


def money(value: float | None) -> str:
    """An amount of dollars as `dollars` writes it; `unknown` where there is none."""
    return "unknown" if value is None else dollars(round(value * NANO_USD))


def plural(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def ago(seconds: float) -> str:
    """How long ago something was, in its largest unit: `3 h ago`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"
