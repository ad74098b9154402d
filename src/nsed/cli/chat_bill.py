"""What a chat has used, and what its caps leave for the next question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from nsed.cli.usage_table import calls_table
from nsed.protocol.usage import NANO_USD, Usage, total_usage
from nsed.state.context import DeliberationConfig
from nsed.state.records import CallRecord
from nsed.state.run_record import RunRecord

__all__ = ["ChatBill"]


@dataclass
class ChatBill:
    """All calls of a chat, those of failed runs too."""

    calls: list[CallRecord] = field(default_factory=list)
    seconds: float = 0.0
    """By the clock, in which runs were at work."""

    def add(self, record: RunRecord) -> None:
        """Add a run."""
        self.calls += record.calls.values()
        self.seconds += record.verdict.seconds

    @property
    def charged(self) -> Usage:
        """What the caps count: where nobody knows what a call used, its worst case."""
        return total_usage(call.at_most or call.usage for call in self.calls)

    def left(self, config: DeliberationConfig) -> DeliberationConfig:
        """The configuration of the next question: its caps are what is left of them."""
        caps, used = config.caps, self.charged
        left: Mapping[str, Any] = {
            "max_usd": _left(caps.nano_usd, used.nano_usd),
            "max_tokens": _left(caps.tokens, used.tokens),
            "max_calls": _left(caps.calls, used.calls),
        }
        known = {cap: number for cap, number in left.items() if number is not None}
        if "max_usd" in known:
            known["max_usd"] /= NANO_USD
        return config.model_copy(update=known)

    def table(self) -> Table:
        """One line an expert."""
        return calls_table(self.calls, self.seconds)


def _left(cap: int | None, used: int) -> int | None:
    return None if cap is None else max(0, cap - used)
