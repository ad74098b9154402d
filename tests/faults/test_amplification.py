"""How often a run asks again: retries and hedges together are bounded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from loopback_provider import Answer, Provider
from panel import Recorder, deliberate, settings_for
from questions import expert_at
from virtual_loop import run_virtually

from nsed.brokers.observations import CallSeen
from nsed.models.base import Reply, Request
from nsed.models.hire import Hire
from nsed.nodes.telemetry import observations_of
from nsed.protocol.errors import ExpertError, QuorumError
from nsed.run import Run

NAMES = ("ada", "bob", "cy")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


def busy(_: Request) -> None:
    raise ExpertError("server_error", "busy")


async def test_when_all_are_down_they_are_not_buried_under_retries() -> None:
    hire = Recorder(**dict.fromkeys(NAMES, busy))
    run = Run("?", settings_for(retries=5), hire=hire)

    with pytest.raises(QuorumError, match="busy; no further call is left"):
        async for _ in run.events():
            pass

    assert len(hire.asked) == 3 + 2  # half of three, rounded up
    assert (await run.record()).verdict.usage.calls == 5


@pytest.mark.parametrize(("share", "calls"), [(0.0, 3), (1.0, 6), (10.0, 18)])
async def test_the_budget_of_retries_is_a_knob(share: float, calls: int) -> None:
    hire = Recorder(**dict.fromkeys(NAMES, busy))

    with pytest.raises(QuorumError):
        await deliberate(settings_for(retries=5, retry_budget=share), hire=hire)

    assert len(hire.asked) == calls


async def test_one_expert_may_use_what_the_others_do_not_need() -> None:
    left = 2

    def twice_busy(request: Request) -> None:
        nonlocal left
        if request.phase == "propose" and left:
            left -= 1
            busy(request)

    record = await deliberate(
        settings_for(rounds=1, retries=2), hire=Recorder(bob=twice_busy)
    )

    assert record.verdict.status == "complete"
    assert record.verdict.usage.calls == 8


async def test_what_earlier_phases_used_up_is_gone() -> None:
    """3 answers and 2 retries, then 3 reviews: 3 in all, so there is 1 left."""
    failing = {"propose": 2, "review": 2}

    def failing_twice_a_phase(request: Request) -> Reply | None:
        if failing[request.phase]:
            failing[request.phase] -= 1
            busy(request)
        return None

    hire = Recorder(**dict.fromkeys(NAMES, failing_twice_a_phase))
    record = await deliberate(settings_for(rounds=1), hire=hire)

    assert record.verdict.usage.calls == 9
    assert [a.phase for a in record.absences.values()] == ["review"]


def two_endpoints(first: Provider, second: Provider) -> Any:
    return [
        expert_at(first, name, model=name, ballots="json_schema")
        if name != "ada"
        else expert_at(
            first, name, model=name, ballots="json_schema", hedge_base_url=second.url
        )
        for name in NAMES
    ]


async def test_a_hedge_saves_a_seat_and_both_calls_are_on_the_bill(
    provider: Provider, hire: Hire
) -> None:
    provider.answers["ada"] = [Answer(fault="hang")]
    with Provider() as other:
        config = settings_for(
            *two_endpoints(provider, other), rounds=1, hedge_after_s=0.05
        )
        record = await deliberate(config, hire=hire)

        assert record.verdict.status == "complete"
        assert {seen.body["model"] for seen in other.seen} == {"ada"}
    calls = [call for call in record.calls.values() if call.expert == "ada"]
    for phase in ("propose", "review"):
        won, lost = (call for call in calls if call.phase == phase)
        assert (won.outcome, won.replica) == ("ok", True)
        assert (lost.outcome, lost.replica) == ("cancelled", False)
        assert lost.error == "the other endpoint answered first"
        assert lost.usage.estimated_calls == 1
        assert lost.at_most is not None
    assert record.verdict.usage.calls == 8


async def test_without_a_wish_for_it_nobody_is_hedged(
    provider: Provider, hire: Hire
) -> None:
    with Provider() as other:
        config = settings_for(*two_endpoints(provider, other), rounds=1)
        await deliberate(config, hire=hire)

        assert other.seen == []


def test_what_a_cut_off_call_may_have_cost_teaches_telemetry_nothing() -> None:
    async def hang(request: Request) -> None:
        if request.phase == "propose":
            await asyncio.sleep(1e6)

    config = settings_for(rounds=1)
    record = run_virtually(deliberate(config, hire=Recorder(bob=hang)))

    assert record.calls["r1.propose.bob.1"].usage.input_tokens > 0
    state: Any = {**dict(record), "halt": None}
    (seen,) = (
        observation
        for observation in observations_of(state, config)
        if isinstance(observation, CallSeen) and observation.outcome == "cancelled"
    )
    assert (seen.input_tokens, seen.output_tokens) == (0, 0)
