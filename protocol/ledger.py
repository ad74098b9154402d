"""The ledger: what a run may spend, and the proof that it never spends more.

Before a phase, every call's worst case is set aside from what is left under all
caps; a call may only spend what was set aside for it. So no order or overlap of
concurrent calls can exceed a cap, and a resumed run needs nothing but its usage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from nsed.protocol.usage import Prices, Usage, total_usage

__all__ = ["Caps", "Ledger", "allot", "spare_calls", "worst_case"]

PROMPT_OVERHEAD_TOKENS = 64
"""Room for the tokens a chat template adds around the text."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits of one run; None means no limit."""

    nano_usd: int | None = None
    tokens: int | None = None
    calls: int | None = None

    def fit(self, usage: Usage) -> bool:
        """Whether this much usage surely keeps every cap.

        With a cap on money nothing fits whose price is unknown.
        """
        return (
            (self.nano_usd is None or self._affords(usage))
            and (self.tokens is None or usage.tokens <= self.tokens)
            and (self.calls is None or usage.calls <= self.calls)
        )

    def _affords(self, usage: Usage) -> bool:
        return not usage.unpriced_calls and usage.nano_usd <= (self.nano_usd or 0)


def worst_case(*, prompt_bytes: int, max_output_tokens: int, prices: Prices) -> Usage:
    """Bound what one call can use.

    A tokenizer makes at most one token of each UTF-8 byte, so the bound holds for
    every prompt (but for tokenizers that first rewrite the text into a longer one).
    A call with unknown prices is counted as unpriced [ours].
    """
    tokens_in = prompt_bytes + PROMPT_OVERHEAD_TOKENS
    uncached, cached = (
        prices.nano_usd(
            input_tokens=tokens_in,
            cached_input_tokens=from_cache,
            output_tokens=max_output_tokens,
        )
        for from_cache in (0, tokens_in)
    )
    # Some providers charge more for what goes through the cache.
    cost = None if uncached is None or cached is None else max(uncached, cached)
    return Usage(
        calls=1,
        input_tokens=tokens_in,
        output_tokens=max_output_tokens,
        nano_usd=cost or 0,
        unpriced_calls=int(cost is None),
    )


def allot(
    caps: Caps, spent: Usage, wishes: Mapping[str, Sequence[Usage]]
) -> dict[str, int]:
    """Say how many of its attempts each caller may make.

    First attempts come before second ones, and so on; within one attempt callers
    are served in their order, and one that does not fit leaves its place to the
    next. All attempts granted together fit under the caps [ours].

    Args:
        caps: The run's limits.
        spent: What the run has used so far.
        wishes: For each caller the worst case of its 1st, 2nd, … attempt.

    Returns:
        Attempts granted to each caller; 0 means it must not be asked.
    """
    granted = dict.fromkeys(wishes, 0)
    reserved = spent
    for attempt in range(max(map(len, wishes.values()), default=0)):
        for caller, worst in wishes.items():
            if granted[caller] != attempt or attempt >= len(worst):
                continue
            if caps.fit(after := reserved + worst[attempt]):
                reserved = after
                granted[caller] += 1
    return granted


def spare_calls(*, questions: int, further: int, share: float) -> int:
    """Say how many further calls (retries, repairs, hedges) a run has left [ours].

    So a run never makes more than about `1 + share` times the calls it makes when
    nothing fails: a provider in trouble is not buried under retries.

    Args:
        questions: Asked so far, those about to be asked included.
        further: Calls made so far beyond the first of each question.
        share: Further calls allowed a question; what it comes to is rounded up.
    """
    return max(0, ceil(round(share * questions, 9)) - further)


class Ledger:
    """Counts one caller's attempts against the attempts it was granted."""

    def __init__(self, attempts: int) -> None:
        """Start with nothing spent."""
        self._left = attempts
        self._charges: list[Usage] = []

    @property
    def left(self) -> int:
        """Attempts that may still be made."""
        return self._left

    def admit(self) -> bool:
        """Take one attempt, if one is left."""
        if self._left <= 0:
            return False
        self._left -= 1
        return True

    def charge(self, usage: Usage) -> None:
        """Book what an admitted attempt used."""
        self._charges.append(usage)

    @property
    def spent(self) -> Usage:
        """Everything charged so far."""
        return total_usage(self._charges)
