"""The semantic forget gate γ: what the next round may remember.

salience = γ^age · (½ + ½·ns) · relevance            [idea: paper; rule: ours]

Items are kept by falling salience until the budget is full. The incumbent, the best
dissent and open critiques of the incumbent always stay, shortened if they must be.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nsed.protocol.memory_text import is_near_duplicate, shorten, token_estimate

__all__ = ["Dropped", "GateResult", "ItemKind", "MemoryItem", "forget", "salience"]

ItemKind = Literal["proposal", "critique", "claim"]
DropReason = Literal["forgotten", "near-duplicate", "over budget"]
LEAST_MEMORY_TOKENS = 32
"""Less would not hold a recognisable incumbent and dissent."""


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """Something said in an earlier round. Names no expert and no label."""

    kind: ItemKind
    text: str
    born_round: int
    """1-based round in which it was said."""
    support: float
    """Net support of the proposal it is, or is about; in [-1, 1], 0 if unknown."""
    answer: str
    """Key of the answer it is, or is about."""

    @property
    def tokens(self) -> int:
        """Estimated size in tokens."""
        return token_estimate(self.text)

    @property
    def id(self) -> str:
        """Identity by content, for a stated order among equals."""
        parts = f"{self.kind}\x1f{self.born_round}\x1f{self.answer}\x1f{self.text}"
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item the gate let go, and why."""

    item: MemoryItem
    reason: DropReason


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate did; `kept` is in order of use: protected first, then salience."""

    kept: tuple[MemoryItem, ...]
    dropped: tuple[Dropped, ...]


def salience(item: MemoryItem, *, now: int, gamma: float, relevance: float) -> float:
    """γ^age · (½ + ½·ns) · relevance, in [0, 1]; age 0 is the round just played."""
    age = max(0, now - item.born_round)
    return gamma**age * (0.5 + 0.5 * item.support) * relevance


def forget(
    items: Collection[MemoryItem],
    *,
    now: int,
    gamma: float,
    memory_tokens: int,
    incumbent: str | None,
    relevance: Callable[[str], float],
) -> GateResult:
    """Trim memory to a budget.

    γ = 0 keeps the round just played only, γ = 1 never decays; an item without any
    salience is forgotten even where there is room. Once a protected item had to be
    shortened, nothing unprotected is let in. Laws: the budget is never exceeded; the
    best dissent survives (if one grapheme of it fits); gating twice changes nothing.

    Args:
        items: Everything that may be remembered; equal items count once.
        now: The round just played, 1-based.
        gamma: γ in [0, 1].
        memory_tokens: Budget in estimated tokens, at least 32.
        incumbent: Answer key of the best proposal so far, None if there is none.
        relevance: Similarity of a text to task and incumbent, in [0, 1].

    Returns:
        Kept and dropped items. Every item is in one of the two; a kept one may be
        shortened.

    Raises:
        ValueError: `gamma` or `memory_tokens` is out of range.
    """
    if not 0 <= gamma <= 1 or memory_tokens < LEAST_MEMORY_TOKENS:
        msg = f"need 0 <= gamma <= 1 and memory_tokens >= 32: {gamma}, {memory_tokens}"
        raise ValueError(msg)
    value = {
        item: salience(item, now=now, gamma=gamma, relevance=relevance(item.text))
        for item in items
    }
    order = sorted(value, key=lambda item: (-value[item], item.id))
    dropped: list[Dropped] = []
    protected = _protected(order, incumbent, now)
    safe: list[MemoryItem] = []
    for item in protected:
        if _repeats(item, safe):
            dropped.append(Dropped(item, "near-duplicate"))
        else:
            safe.append(item)
    room = memory_tokens - sum(item.tokens for item in safe)
    if room < 0:
        kept = _shortened(safe, memory_tokens, dropped)
        # No room for others: what the shortening leaves over is rounding.
        room = 0
    else:
        kept = safe
    for item in order:
        if item in protected:
            continue
        if value[item] <= 0:
            dropped.append(Dropped(item, "forgotten"))
        elif _repeats(item, kept):
            dropped.append(Dropped(item, "near-duplicate"))
        elif item.tokens > room:
            dropped.append(Dropped(item, "over budget"))
        else:
            kept.append(item)
            room -= item.tokens
    return GateResult(tuple(kept), tuple(dropped))


def _protected(
    order: Sequence[MemoryItem], incumbent: str | None, now: int
) -> list[MemoryItem]:
    """List the incumbent, the best dissent, then open critiques of the incumbent."""

    def best(found: list[MemoryItem]) -> list[MemoryItem]:
        return sorted(found, key=lambda i: (-i.support, -i.born_round, i.id))[:1]

    said = [item for item in order if item.kind == "proposal"]
    # A critique is open while it is about the incumbent and of the round just played.
    open_critiques = [
        item
        for item in order
        if item.kind == "critique"
        and item.answer == incumbent
        and item.born_round == now
    ]
    return [
        *best([item for item in said if item.answer == incumbent]),
        *best([item for item in said if item.answer != incumbent]),
        *sorted(open_critiques, key=lambda i: i.id),
    ]


def _shortened(
    safe: Sequence[MemoryItem], budget: int, dropped: list[Dropped]
) -> list[MemoryItem]:
    """Shorten protected items; each leaves half of the room to those behind it."""
    kept: list[MemoryItem] = []
    room = budget
    for place, item in enumerate(safe, start=1):
        text = shorten(item.text, room if place == len(safe) else room // 2)
        short = item if text == item.text else replace(item, text=text)
        if not text:
            dropped.append(Dropped(item, "over budget"))
        elif _repeats(short, kept):
            dropped.append(Dropped(item, "near-duplicate"))
        else:
            kept.append(short)
            room -= short.tokens
    # The order a second pass would give them.
    said = [item for item in kept if item.kind == "proposal"]
    return [*said, *sorted((i for i in kept if i not in said), key=lambda i: i.id)]


def _repeats(item: MemoryItem, others: Sequence[MemoryItem]) -> bool:
    return any(
        (item.kind, item.answer) == (other.kind, other.answer)
        and is_near_duplicate(item.text, other.text)
        for other in others
    )
