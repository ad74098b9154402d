"""The meter: never below what a provider may charge, whenever a run is cut off."""

import asyncio
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metered import Meter as Provider
from metered import Metered, priced
from panel import settings_for
from virtual_loop import run_virtually

from nsed.models.base import Message, Reply, Request
from nsed.models.failures import CallError
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError, NsedError
from nsed.protocol.usage import Usage
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.studio.meter import Meter

REQUEST = Request(
    messages=(Message("user", "x" * 936),), max_output_tokens=1000, timeout_s=60
)
WORST = 2_000_000  # 936 bytes and 64 tokens around them, and 1000 out, at 1 USD a Mtok
ADA = (
    settings_for()
    .experts[0]
    .model_copy(update={"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 1.0})
)


class Answering:
    """An expert that does as it is told."""

    def __init__(self, act: Callable[[], Reply]) -> None:
        self.config, self.act = ADA, act
        self.gate = asyncio.Event()

    async def reply(self, request: Request) -> Reply:
        await self.gate.wait()
        return self.act()


def failing(error: Exception) -> Callable[[], Reply]:
    def act() -> Reply:
        raise error

    return act


@pytest.mark.parametrize(
    ("act", "owed"),
    [
        (lambda: Reply("42", Usage(calls=1, nano_usd=7)), 7),
        (failing(CallError("timeout", "late", may_be_billed=True)), WORST),
        (failing(CallError("rate_limit", "no")), 0),
        (failing(ConfigError("no key")), 0),
    ],
    ids=["answered", "lost", "refused", "never sent"],
)
async def test_a_call_owes_its_worst_case_until_its_end_is_known(
    act: Callable[[], Reply], owed: int
) -> None:
    noted: list[int] = []

    async def note(nano_usd: int) -> None:
        noted.append(nano_usd)

    meter, expert = Meter(note), Answering(act)
    call = asyncio.create_task(meter.hire(lambda _: expert)(ADA).reply(REQUEST))
    for _ in range(3):
        await asyncio.sleep(0)
    assert meter.owed.nano_usd == WORST
    assert noted == [WORST], "on file before anybody is asked"

    expert.gate.set()
    await asyncio.gather(call, return_exceptions=True)
    assert meter.owed.nano_usd == owed


async def test_a_call_that_is_cut_off_owes_its_worst_case() -> None:
    meter, expert = Meter(), Answering(failing(AssertionError()))
    call = asyncio.create_task(meter.hire(lambda _: expert)(ADA).reply(REQUEST))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    assert meter.owed.nano_usd == WORST


async def test_what_cannot_be_put_on_file_is_not_asked() -> None:
    async def note(_: int) -> None:
        raise ConfigError("disk full")

    meter, expert = Meter(note), Answering(failing(AssertionError()))
    expert.gate.set()
    with pytest.raises(ConfigError, match="disk full"):
        await meter.hire(lambda _: expert)(ADA).reply(REQUEST)

    assert meter.owed == Usage()


async def test_calls_that_begin_at_one_time_are_one_writing() -> None:
    noted: list[int] = []

    async def note(nano_usd: int) -> None:
        await asyncio.sleep(0)
        noted.append(nano_usd)

    meter = Meter(note)
    expert = Answering(lambda: Reply("42", Usage(calls=1, nano_usd=1)))
    expert.gate.set()
    hire = meter.hire(lambda _: expert)
    await asyncio.gather(*(hire(ADA).reply(REQUEST) for _ in range(10)))

    assert noted == [10 * WORST]


async def test_a_hire_that_checks_experts_still_does() -> None:
    missing = ExpertConfig(name="x", model="m", api_key_env="NSED_NO_SUCH_KEY")
    hire = Meter().hire(Hire())

    assert isinstance(hire, Hire)
    with pytest.raises(ConfigError, match="NSED_NO_SUCH_KEY"):
        await hire.check([missing])


async def cut_off(seed: int) -> tuple[Provider, Meter, int]:
    draw = random.Random(seed)
    provider, on_file = Provider(draw), 0

    async def note(nano_usd: int) -> None:
        nonlocal on_file
        await asyncio.sleep(draw.choice([0, 0.01]))
        on_file = nano_usd

    meter = Meter(note)
    config = DeliberationConfig(
        experts=tuple(priced(f"e{n}", draw) for n in range(draw.randrange(2, 5))),
        broker="fixed",
        rounds=draw.randrange(1, 4),
        effort=10,
        retries=draw.randrange(3),
        call_timeout_s=60,
        straggler_factor=draw.choice([None, 2.0]),
        straggler_min_s=1,
        hedge_after_s=draw.choice([None, 1.0]),
        max_usd=draw.uniform(0.005, 0.1),
    )
    run = Run("?", config, hire=meter.hire(lambda e: Metered(e, provider)))

    async def play() -> None:
        async for _ in run.events():
            pass

    task = asyncio.create_task(play())
    await asyncio.wait([task], timeout=draw.choice([0.5, 5.0, 50.0, 1e7]))
    task.cancel()
    for found in await asyncio.gather(task, return_exceptions=True):
        assert found is None or isinstance(found, NsedError | asyncio.CancelledError)
    cap = config.caps.nano_usd
    assert cap is not None
    assert provider.total.nano_usd <= meter.owed.nano_usd <= cap
    assert provider.total.nano_usd <= on_file or not on_file
    return provider, meter, on_file


@pytest.mark.slow
@given(seed=st.integers(0, 2**64))
@settings(max_examples=120)
def test_no_run_owes_less_than_its_bill_or_more_than_its_cap(seed: int) -> None:
    run_virtually(cut_off(seed))
