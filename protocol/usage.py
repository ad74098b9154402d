"""Usage: what model calls cost. A commutative monoid, so it adds up in any order."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import lru_cache
from math import ceil, isfinite

__all__ = ["NANO_USD", "Prices", "Usage", "total_usage"]

NANO_USD = 1_000_000_000
"""Nano-dollars in one US dollar. Money is counted in whole nano-dollars."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What some calls used. All counts are whole numbers, so sums are exact."""

    calls: int = 0
    """Attempts sent to a model; retries and repairs count."""
    input_tokens: int = 0
    """Prompt tokens, cached ones included."""
    cached_input_tokens: int = 0
    """The part of `input_tokens` the provider served from its prompt cache."""
    output_tokens: int = 0
    """Completion tokens, hidden reasoning included."""
    nano_usd: int = 0
    """Price of the priced calls, in 1e-9 USD."""
    unpriced_calls: int = 0
    """Calls whose price is unknown; while above 0, `usd` is None, never 0."""
    estimated_calls: int = 0
    """Calls whose tokens were estimated because the provider reported none."""
    latency_ms: int = 0
    """Sum of the calls' durations in milliseconds (not wall-clock time)."""

    def __add__(self, other: "Usage") -> "Usage":
        """Add field by field. Associative and commutative; `Usage()` is the zero."""
        return Usage(  # field by field by hand: it is done for every call of a run
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            self.output_tokens + other.output_tokens,
            self.nano_usd + other.nano_usd,
            self.unpriced_calls + other.unpriced_calls,
            self.estimated_calls + other.estimated_calls,
            self.latency_ms + other.latency_ms,
        )

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    @property
    def usd(self) -> float | None:
        """US dollars, or None where the price of some call is unknown."""
        return None if self.unpriced_calls else self.nano_usd / NANO_USD


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens; None means unknown, which is not the same as free."""

    input_usd_per_mtok: float | None = None
    cached_input_usd_per_mtok: float | None = None
    """None: cached tokens cost as much as others."""
    output_usd_per_mtok: float | None = None

    def __post_init__(self) -> None:
        """Refuse prices that are negative or not finite."""
        for field in fields(self):
            price = getattr(self, field.name)
            if price is not None and not (isfinite(price) and price >= 0):
                msg = f"need {field.name} >= 0 or None for unknown, found {price}"
                raise ValueError(msg)

    @property
    def known(self) -> bool:
        """Whether a call can be priced at all."""
        return (
            self.input_usd_per_mtok is not None and self.output_usd_per_mtok is not None
        )

    def nano_usd(
        self, *, input_tokens: int, output_tokens: int, cached_input_tokens: int = 0
    ) -> int | None:
        """Price some tokens in 1e-9 USD, rounded up once; None if unknown.

        Cached tokens are part of the input tokens; a provider that reports more of
        them than input is taken at its word.
        """
        fresh, out = self.input_usd_per_mtok, self.output_usd_per_mtok
        if fresh is None or out is None:
            return None
        cached = self.cached_input_usd_per_mtok
        parts = (
            (max(0, input_tokens - cached_input_tokens), fresh),
            (cached_input_tokens, fresh if cached is None else cached),
            (output_tokens, out),
        )
        # USD per Mtok = 1000 nano-USD per token.
        return ceil(1000 * sum(n * _exact(price) for n, price in parts))


@lru_cache(maxsize=1024)  # asked for every call, and prices are few
def _exact(price: float) -> Fraction:
    """0.1 means a tenth, not its float."""
    return Fraction(str(price))


def total_usage(usages: Iterable[Usage]) -> Usage:
    """Add up any number of usages; none gives the zero."""
    return sum(usages, Usage())
