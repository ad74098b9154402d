"""Experts with a meter: what a provider really charges, told or not, by seed."""

import asyncio
import random
from dataclasses import dataclass, field

from provider_script import filled

from nsed.models.base import Reply, Request
from nsed.models.failures import CallError
from nsed.protocol.ledger import worst_case
from nsed.protocol.usage import Usage, total_usage
from nsed.state.expert_config import ExpertConfig

__all__ = ["Meter", "Metered", "priced"]

FREE = ("auth", "rate_limit", "server_error")
LOST = ("connection", "empty", "server_error", "timeout", "malformed")


@dataclass
class Meter:
    """The provider's own account of all calls."""

    draw: random.Random
    bills: list[Usage] = field(default_factory=list)

    @property
    def total(self) -> Usage:
        return total_usage(self.bills)

    def charge(self, request: Request, config: ExpertConfig, share: float) -> Usage:
        """Bill a share of what the call can cost at most."""
        worst = worst_case(
            prompt_bytes=request.prompt_bytes,
            max_output_tokens=request.max_output_tokens,
            prices=config.prices,
        )
        tokens_in = int(share * worst.input_tokens)
        tokens_out = int(share * worst.output_tokens)
        price = config.prices.nano_usd(input_tokens=tokens_in, output_tokens=tokens_out)
        bill = Usage(
            calls=1,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            nano_usd=price or 0,
        )
        self.bills.append(bill)
        return bill


@dataclass
class Metered:
    """Answers, fails, dawdles and hangs at random; everything costs something."""

    config: ExpertConfig
    meter: Meter

    async def reply(self, request: Request) -> Reply:
        draw = self.meter.draw
        if draw.random() < 0.1:
            self.meter.bills.append(Usage(calls=1))
            await asyncio.sleep(draw.random())
            wanted = draw.choice([None, 0.5, 900.0])
            raise CallError(draw.choice(FREE), "refused", retry_after_s=wanted)
        # Charged from the start: who is cut off pays for all that was made of it.
        bill = self.meter.charge(request, self.config, draw.choice([0.1, 1.0, 1.0]))
        takes_s = draw.choice([0.1, 1.0, 3.0, 30.0, 1e6])
        try:
            async with asyncio.timeout(request.timeout_s):
                await asyncio.sleep(takes_s * (0.5 + draw.random()))
        except TimeoutError as error:
            late = CallError("timeout", "no answer", may_be_billed=True)
            raise late from error
        if draw.random() < 0.25:
            raise CallError(draw.choice(LOST), "lost", may_be_billed=True)
        return Reply(self._says(request), bill, truncated=draw.random() < 0.1)

    def _says(self, request: Request) -> str:
        draw = self.meter.draw
        if draw.random() < 0.2:
            return "\U0010ffff" * draw.choice([0, 3, 5000])
        if request.json_schema is not None:
            return filled(dict(request.json_schema), draw.choice([-90, 10, 80]))
        return f"Answer: {draw.choice([41, 42])}"


def priced(name: str, draw: random.Random) -> ExpertConfig:
    """Configure an expert with odd prices and a second endpoint."""
    return ExpertConfig(
        name=name,
        model="m",
        base_url="http://127.0.0.1:9/v1",
        hedge_base_url="http://127.0.0.1:10/v1",
        ballots="json_schema",
        usd_per_mtok_input=draw.choice([0.1, 1 / 3, 3.0]),
        usd_per_mtok_cached_input=0.05,
        usd_per_mtok_output=draw.choice([0.4, 7.77]),
    )
