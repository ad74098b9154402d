"""The semantic forget gate γ: what the next round may remember.

salience = γ^age · (½ + ½·ns) · relevance            [idea: paper; rule: ours]

Items are kept by falling salience until the budget is full. The incumbent, the best
dissent and open critiques of the incumbent always stay, shortened if they must be.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nsed.protocol.memory_text import is_near_duplicate, shorten, token_estimate

__all__ = ["Dropped", "GateResult", "ItemKind", "MemoryItem", "forget", "salience"]

ItemKind = Literal["proposal", "critique", "claim"]
DropReason = Literal["forgotten", "near-duplicate", "over budget"]


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
    items: Sequence[MemoryItem],
    *,
    now: int,
    gamma: float,
    memory_tokens: int,
    incumbent: str | None,
    relevance: Callable[[str], float],
) -> GateResult:
    """Trim memory to a budget.

    γ = 0 keeps the round just played only, γ = 1 never decays. Laws: the budget is
    never exceeded; the best dissent survives; gating twice changes nothing.

    Args:
        items: Everything that may be remembered.
        now: The round just played, 1-based.
        gamma: γ in [0, 1].
        memory_tokens: Budget in estimated tokens, at least 32.
        incumbent: Answer key of the best proposal so far.
        relevance: Similarity of a text to task and incumbent, in [0, 1].
    """
    if not 0 <= gamma <= 1 or memory_tokens < 32:
        msg = f"need 0 <= gamma <= 1 and memory_tokens >= 32: {gamma}, {memory_tokens}"
        raise ValueError(msg)
    value = {
        item: salience(item, now=now, gamma=gamma, relevance=relevance(item.text))
        for item in items
    }
    order = sorted(value, key=lambda item: (-value[item], item.id))
    dropped: list[Dropped] = []
    safe = _without_twins(_protected(order, incumbent, now), dropped)
    fitted, left_out = _fit(safe, memory_tokens)
    dropped += [Dropped(item, "over budget") for item in left_out]
    fitted = _without_twins(fitted, dropped)  # shortening can make twins
    taken = {*safe, *(drop.item for drop in dropped)}
    room = memory_tokens - sum(item.tokens for item in fitted)
    for item in (item for item in order if item not in taken):
        if value[item] <= 0:
            dropped.append(Dropped(item, "forgotten"))
        elif any(_same(item, other) for other in fitted):
            dropped.append(Dropped(item, "near-duplicate"))
        elif item.tokens > room:
            dropped.append(Dropped(item, "over budget"))
        else:
            fitted.append(item)
            room -= item.tokens
    return GateResult(tuple(fitted), tuple(dropped))


def _without_twins(
    items: Sequence[MemoryItem], dropped: list[Dropped]
) -> list[MemoryItem]:
    """Drop repeats of an earlier item; incumbent and dissent differ in answer."""
    kept: list[MemoryItem] = []
    for item in items:
        if any(_same(item, other) for other in kept):
            dropped.append(Dropped(item, "near-duplicate"))
        else:
            kept.append(item)
    return kept


def _protected(
    order: Sequence[MemoryItem], incumbent: str | None, now: int
) -> list[MemoryItem]:
    """The incumbent, the best dissent, then open critiques of the incumbent."""

    def latest(found: Sequence[MemoryItem]) -> list[MemoryItem]:
        return sorted(found, key=lambda i: (-i.support, -i.born_round, i.id))[:1]

    said = [item for item in order if item.kind == "proposal"]
    held = latest([item for item in said if item.answer == incumbent])
    dissent = latest([item for item in said if item.answer != incumbent])
    # A critique is open while it is about the incumbent and of the round just played.
    open_critiques = [
        item
        for item in order
        if item.kind == "critique"
        and item.answer == incumbent
        and item.born_round == now
    ]
    return [*held, *dissent, *sorted(open_critiques, key=lambda i: i.id)]


def _fit(
    safe: Sequence[MemoryItem], budget: int
) -> tuple[list[MemoryItem], list[MemoryItem]]:
    """Shorten protected items only as far as the budget asks."""
    if sum(item.tokens for item in safe) <= budget:
        return list(safe), []
    fitted: list[MemoryItem] = []
    left_out: list[MemoryItem] = []
    room = budget
    for place, item in enumerate(safe):
        # The first leaves half of the room to the others, and so on.
        share = room // 2 if place < len(safe) - 1 else room
        short = shorten(item.text, share)
        if short:
            cut = item if short == item.text else replace(item, text=short)
            fitted.append(cut)
            room -= cut.tokens
        else:
            left_out.append(item)
    return fitted, left_out


def _same(one: MemoryItem, other: MemoryItem) -> bool:
    return (one.kind, one.answer) == (other.kind, other.answer) and is_near_duplicate(
        one.text, other.text
    )
