"""What a seat costs over a whole deliberation: tokens, calls and money [ours].

A proposer is called once a round, and reads memory from the second round on. A reviewer
is called once a round, and its prompt and its ballot grow with the proposals shown: so
a deliberation of N experts and t rounds is 2·N·t calls, and its tokens grow with N².
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from nsed.protocol.ledger import PROMPT_OVERHEAD_TOKENS
from nsed.protocol.usage import Prices, Usage
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.team import Role, TaskProfile

__all__ = ["Lengths", "PromptTokens", "SeatUse", "seat_use", "worst_review"]

FRAME_TOKENS = 20
"""What frames one candidate in a review prompt."""
PROMPT_BYTES, TEXT_BYTES = 3, 4
"""Bytes of a token: as prompts are estimated, and of what models write."""
BALLOT_TOKENS = 32
"""What a ballot has besides its marks."""


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """Estimated tokens of an expert's prompts before anything of its peers is in it."""

    propose: int
    review: int


@dataclass(frozen=True, slots=True)
class SeatUse:
    """Expected use of a seat over all planned rounds: `base + slope · shown`."""

    base: Usage
    slope: Usage
    """For every proposal that is shown to it, own ones excluded."""
    priced: bool
    """Whether its price is known."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Expected lengths in tokens, or the longest that are allowed."""

    profile: TaskProfile
    config: DeliberationConfig
    prompts: Mapping[str, PromptTokens] = field(default_factory=dict)
    longest: bool = False
    """Count every answer and critique at its limit instead."""

    def prompt(self, expert: str) -> PromptTokens:
        """Its prompts; without a measurement the task and a little."""
        task = self.profile.input_tokens
        return self.prompts.get(expert, PromptTokens(task + 150, task + 150))

    def answer(self, expert: ExpertConfig, seen: float | None) -> int:
        """One proposal of an expert; `seen` is its mean so far, if known."""
        most = min(self.config.answer_tokens, expert.answer_tokens or 2**31)
        if self.longest:
            return most
        return min(most, ceil(seen) if seen else self.profile.answer_tokens)

    @property
    def shown(self) -> int:
        """One candidate in a review prompt."""
        most = self.config.answer_tokens
        return FRAME_TOKENS + (most if self.longest else self.profile.answer_tokens)

    @property
    def mark(self) -> int:
        """What a reviewer writes about one candidate."""
        if self.longest:
            return 64 + self.config.critique_chars
        return self.profile.critique_tokens


def worst_review(expert: ExpertConfig, lengths: Lengths) -> SeatUse:
    """What the ledger sets aside for one review, answers being as long as expected.

    One token a byte, as `protocol.ledger.worst_case` has it, and the longest ballot.
    """
    config, prompt = lengths.config, lengths.prompt(expert.name)
    mark = 64 + config.critique_chars + 128 * config.claims_per_review
    base = _usage(
        expert.prices,
        1,
        PROMPT_BYTES * prompt.review + PROMPT_OVERHEAD_TOKENS,
        BALLOT_TOKENS,
    )
    slope = _usage(expert.prices, 0, TEXT_BYTES * lengths.shown, mark)
    return SeatUse(base, slope, expert.prices.known)


def seat_use(
    expert: ExpertConfig,
    role: Role,
    *,
    lengths: Lengths,
    rounds: int,
    seen_output: float | None = None,
    has_memory: bool = False,
) -> SeatUse:
    """Estimate a seat's use.

    Args:
        expert: Who sits.
        role: In which role.
        lengths: Expected lengths of all texts.
        rounds: Planned rounds.
        seen_output: Its mean output of a call in this role so far, in tokens.
        has_memory: Whether the first planned round already reads memory.
    """
    prices, prompt = expert.prices, lengths.prompt(expert.name)
    if role == "proposer":
        with_memory = rounds if has_memory else rounds - 1
        tokens_in = rounds * prompt.propose
        tokens_in += with_memory * lengths.config.memory_tokens
        base = _usage(
            prices, rounds, tokens_in, rounds * lengths.answer(expert, seen_output)
        )
        return SeatUse(base, Usage(), prices.known)
    base = _usage(prices, rounds, rounds * prompt.review, rounds * BALLOT_TOKENS)
    slope = _usage(prices, 0, rounds * lengths.shown, rounds * lengths.mark)
    return SeatUse(base, slope, prices.known)


def _usage(prices: Prices, calls: int, tokens_in: int, tokens_out: int) -> Usage:
    cost = prices.nano_usd(input_tokens=tokens_in, output_tokens=tokens_out)
    return Usage(
        calls=calls,
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        nano_usd=cost or 0,
        unpriced_calls=0 if cost is not None else max(1, calls),
    )
