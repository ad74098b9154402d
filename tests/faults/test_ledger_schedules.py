"""The ledger under fire: no order of failures, retries, hedges and cuts breaks a cap.

Providers here charge up to the worst case for everything that they did not refuse,
also for what was cut off, and tell nobody.
"""

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metered import Meter, Metered, priced
from virtual_loop import run_virtually

from nsed.models.asking import Outcome, ask
from nsed.models.base import Message, Reply, Request
from nsed.models.hedging import Hedge
from nsed.models.time_limit import TimeLimit
from nsed.nodes.asked import worst_cases
from nsed.nodes.ballot_form import ballot_schema
from nsed.nodes.phase import Phase
from nsed.protocol.errors import ExpertError, NsedError
from nsed.protocol.ledger import Caps, allot, spare_calls
from nsed.protocol.usage import NANO_USD, Usage, total_usage
from nsed.run import Run
from nsed.state.context import DeliberationConfig

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 2**64)


def random_caps(draw: random.Random) -> Caps:
    return Caps(
        nano_usd=draw.choice([None, draw.randrange(1, 40_000_000)]),
        tokens=draw.choice([None, draw.randrange(1, 60_000)]),
        calls=draw.choice([None, draw.randrange(1, 30)]),
    )


def read(reply: Reply) -> str:
    if not reply.text:
        raise ExpertError("empty", "nothing")
    if "\U0010ffff" in reply.text:
        raise ExpertError("malformed", "\U0010ffff" * 400)
    if reply.truncated:
        raise ExpertError("truncated", "cut off")
    return reply.text


def question(draw: random.Random) -> Request:
    review = draw.random() < 0.5
    return Request(
        messages=(Message("user", "ä" * draw.randrange(1, 900)),),
        max_output_tokens=draw.randrange(16, 400),
        timeout_s=draw.choice([2.0, 60.0]),
        finish="Your answer, please.",
        json_schema=ballot_schema(("A", "B"), chars=80, claims=0) if review else None,
    )


async def phase_of(
    meter: Meter, config: DeliberationConfig, caps: Caps, charged: Usage, spare: int
) -> list[Outcome[str]]:
    """Allot, then ask everybody at the same time, as the nodes do."""
    draw = meter.draw
    asked = question(draw)
    names = [expert.name for expert in config.experts]
    wishes = {name: worst_cases(asked, name, config) for name in names}
    granted = {n: k for n, k in allot(caps, charged, wishes).items() if k}
    shared = Phase(
        asked=len(granted),
        quorum=1,
        ends=TimeLimit.after(draw.choice([1.0, 20.0, 500.0]), "the phase is over"),
        spare=spare,
        factor=draw.choice([None, 1.5, 4.0]),
        least_s=draw.choice([0.0, 5.0]),
    )

    async def one(name: str) -> Outcome[str]:
        expert = Metered(config.expert(name), meter)
        hedge = Hedge(expert, 1.0) if draw.random() < 0.5 else None
        with shared.seat(p95_s=draw.choice([None, 2.0])) as seat:
            outcome = await ask(
                expert,
                asked,
                read,
                attempts=granted[name],
                retries=config.retries,
                retry_wait_s=0.5,
                limit=seat.limit,
                spare=shared.take_spare,
                hedge=hedge,
            )
            seat.answered = outcome.failure is None
        return outcome

    return await asyncio.gather(*(one(name) for name in granted))


async def run_of_phases(seed: int) -> tuple[Caps, Meter, Usage, int, int]:
    draw = random.Random(seed)
    meter, caps = Meter(draw), random_caps(draw)
    experts = tuple(priced(f"e{n}", draw) for n in range(draw.randrange(1, 6)))
    config = DeliberationConfig(experts=experts, retries=draw.randrange(4))
    charged, questions, further = Usage(), 0, 0
    for _ in range(draw.randrange(1, 4)):
        spare = spare_calls(
            questions=questions + len(experts), further=further, share=0.5
        )
        outcomes = await phase_of(meter, config, caps, charged, spare)
        made = [a for outcome in outcomes for a in outcome.attempts]
        questions += len(outcomes)
        further += len(made) - len(outcomes)
        charged += total_usage(a.at_most or a.usage for a in made)
    return caps, meter, charged, questions, further


@given(seed=SEEDS)
@settings(max_examples=1000)
def test_no_schedule_spends_a_cent_or_a_token_more_than_a_cap(seed: int) -> None:
    caps, meter, charged, questions, further = run_virtually(run_of_phases(seed))

    assert caps.fit(meter.total)
    assert caps.fit(charged)  # what we believe is on the safe side of what is true
    assert charged.calls == meter.total.calls
    assert charged.tokens >= meter.total.tokens
    assert charged.nano_usd >= meter.total.nano_usd
    assert further <= 0.5 * (questions + 5) + 1


async def deliberation(seed: int) -> tuple[Caps, Meter, Any]:
    draw = random.Random(seed)
    meter = Meter(draw)
    experts = tuple(priced(f"e{n}", draw) for n in range(draw.randrange(2, 6)))
    config = DeliberationConfig(
        experts=experts,
        broker=draw.choice(["fixed", "greedy"]),
        rounds=draw.randrange(1, 4),
        effort=10,
        answer_tokens=64,
        critique_chars=40,
        retries=draw.randrange(3),
        call_timeout_s=draw.choice([2.0, 60.0]),
        propose_timeout_s=draw.choice([5.0, 500.0]),
        review_timeout_s=draw.choice([5.0, 500.0]),
        straggler_factor=draw.choice([None, 2.0]),
        straggler_min_s=1,
        hedge_after_s=draw.choice([None, 1.0]),
        max_usd=draw.choice([None, draw.uniform(0.001, 0.05)]),
        max_tokens=draw.randrange(2_000, 30_000),
        max_calls=draw.choice([None, draw.randrange(2, 30)]),
    )
    run = Run("What is 6 * 7?", config, hire=lambda expert: Metered(expert, meter))
    try:
        async for _ in run.events():
            pass
    except NsedError:  # too small a cap, or nobody answered
        return config.caps, meter, None
    return config.caps, meter, (await run.record()).verdict


@given(seed=SEEDS)
@settings(max_examples=150)
def test_no_deliberation_spends_more_than_a_cap(seed: int) -> None:
    caps, meter, verdict = run_virtually(deliberation(seed))

    assert caps.fit(meter.total)
    if verdict is not None:
        assert verdict.usage.calls == meter.total.calls
        assert verdict.usage.nano_usd <= (caps.nano_usd or 10**9 * NANO_USD)
