"""Money and time: caps are kept, and what they cut short is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel import Recorder, deliberate, panel, settings_for, verdict_of
from pydantic import ValidationError

from nsed.models.base import Request
from nsed.models.scripted import scripted
from nsed.protocol.errors import BudgetError, InfeasibleTeam, QuorumError
from nsed.protocol.stopping import StopReason


async def test_a_cap_that_cannot_carry_one_answer_asks_nobody() -> None:
    with pytest.raises(BudgetError, match="max_calls=0"):
        await deliberate(settings_for(max_calls=0))


async def test_a_cap_on_calls_ends_with_the_best_answer_so_far() -> None:
    verdict = await verdict_of(settings_for(max_calls=7, effort=10))

    assert verdict.answer == "42"
    assert verdict.stop_reason is StopReason.BUDGET
    assert verdict.usage.calls <= 7
    assert verdict.rounds == 1


async def test_money_for_proposals_only_is_a_degraded_plurality() -> None:
    verdict = await verdict_of(settings_for(max_calls=3, broker="fixed"))

    assert verdict.answer == "42"
    assert verdict.stop_reason is StopReason.BUDGET
    assert verdict.status == "degraded"
    assert {a.kind for a in verdict.absences} == {"budget"}


async def test_money_for_proposals_only_is_a_clash_that_the_broker_names() -> None:
    with pytest.raises(InfeasibleTeam, match="raise max_calls from 3 calls to 4"):
        await deliberate(settings_for(max_calls=3))


@pytest.mark.parametrize("broker", ["knapsack", "greedy", "fixed"])
@given(calls=st.integers(1, 14), tokens=st.integers(2_000, 40_000))
@settings(max_examples=25)
async def test_no_cap_is_ever_exceeded(broker: str, calls: int, tokens: int) -> None:
    config = settings_for(max_calls=calls, max_tokens=tokens, effort=10, broker=broker)
    try:
        verdict = await verdict_of(config)
    except (BudgetError, InfeasibleTeam):
        return

    assert verdict.usage.calls <= calls
    assert verdict.usage.tokens <= tokens


async def test_dollars_are_counted_and_capped() -> None:
    priced = [
        e.model_copy(update={"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 4.0})
        for e in panel()
    ]
    free = await verdict_of(settings_for(*priced))
    capped = await verdict_of(
        settings_for(*priced, max_usd=0.0098, effort=10, broker="fixed")
    )

    assert free.usage.usd is not None
    assert free.usage.usd > 0
    assert capped.usage.usd is not None
    assert capped.usage.usd <= 0.0098
    assert capped.stop_reason is StopReason.BUDGET


async def test_an_unknown_price_is_unknown_and_never_zero() -> None:
    experts = [e.model_copy(update={"usd_per_mtok_input": None}) for e in panel()]

    assert (await verdict_of(settings_for(*experts))).usage.usd is None
    with pytest.raises(ValidationError, match="price of 'ada' is unknown"):
        settings_for(*experts, max_usd=1)


async def test_a_deadline_in_the_reviews_counts_the_votes_that_are_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr("time.time", lambda: clock["now"])

    def slow(request: Request) -> None:
        if request.phase == "review":
            clock["now"] += 60

    config = settings_for(deadline_s=50, effort=10)
    verdict = await verdict_of(config, hire=Recorder(cy=slow))

    assert verdict.answer == "42"
    assert verdict.stop_reason is StopReason.DEADLINE
    assert verdict.rounds == 1


async def test_a_round_that_would_not_fit_is_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = {"now": 1000.0}
    monkeypatch.setattr("time.time", lambda: clock["now"])

    def slow(request: Request) -> None:
        clock["now"] += 10

    config = settings_for(deadline_s=50, effort=10)
    verdict = await verdict_of(config, hire=Recorder(cy=slow))

    # A round takes 20 s: two fit into 50 s, the third is not begun.
    assert verdict.rounds == 2
    assert verdict.status == "complete"
    assert verdict.stop_reason in (StopReason.DEADLINE, StopReason.UNANIMOUS)
    hire = Recorder(cy=slow)
    short = await verdict_of(settings_for(patience_s=35, effort=10), hire=hire)
    assert (short.rounds, short.stop_reason) == (1, StopReason.DEADLINE)
    assert short.status == "complete"


async def test_a_deadline_before_any_answer_is_a_clear_error() -> None:
    with pytest.raises(QuorumError, match="deadline"):
        await deliberate(settings_for(deadline_s=1e-9))


def test_prices_of_scripted_experts_are_zero() -> None:
    assert scripted("a", "x").prices.known
