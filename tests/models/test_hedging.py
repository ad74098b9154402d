"""A second call beside one that takes long: the first answer counts, both are paid."""

import asyncio
from typing import Any

import pytest
from questions import REVIEW, Told, asked
from virtual_loop import run_virtually

from nsed.models.asking import Outcome
from nsed.models.base import Reply, Request
from nsed.models.hedging import Hedge
from nsed.models.time_limit import TimeLimit
from nsed.protocol.errors import ExpertError


class Slow(Told):
    """Answers after a while; in virtual seconds."""

    def __init__(self, after_s: float, *steps: Any) -> None:
        super().__init__(*steps)
        self.after_s, self.cancelled = after_s, False

    async def reply(self, request: Request) -> Reply:
        try:
            await asyncio.sleep(self.after_s)
        except asyncio.CancelledError:
            self.asked.append(request)
            self.cancelled = True
            raise
        return await super().reply(request)


def hedged(first: Told, second: Told, after_s: float = 5, **more: Any) -> Outcome[int]:
    return run_virtually(asked(first, hedge=Hedge(second, after_s), **more))


def test_a_fast_answer_is_not_hedged() -> None:
    second = Slow(1, "9")

    outcome = hedged(Slow(4, "8"), second)

    assert (outcome.value, second.asked) == (8, [])
    assert [a.outcome for a in outcome.attempts] == ["ok"]


def test_a_slow_call_is_asked_elsewhere_too_and_the_loser_is_cancelled() -> None:
    first = Slow(60, "8")

    outcome = hedged(first, Slow(1, "9"))

    assert outcome.value == 9
    assert first.cancelled
    won, lost = outcome.attempts
    assert (won.outcome, won.replica) == ("ok", True)
    assert (lost.outcome, lost.replica) == ("cancelled", False)
    assert lost.error == "the other endpoint answered first"


def test_both_calls_are_charged_and_what_nobody_knows_is_an_estimate() -> None:
    outcome = hedged(Slow(60, "8"), Slow(1, "9"))

    won, lost = (a.usage for a in outcome.attempts)
    assert (won.calls, won.output_tokens, won.estimated_calls) == (1, 1, 0)
    assert (lost.calls, lost.output_tokens, lost.estimated_calls) == (1, 0, 1)
    assert lost.input_tokens > 0
    worst = outcome.attempts[1].at_most
    assert worst is not None
    assert worst.output_tokens == REVIEW.max_output_tokens


def test_the_first_endpoint_may_still_win() -> None:
    second = Slow(60, "9")

    outcome = hedged(Slow(7, "8"), second)

    assert (outcome.value, second.cancelled) == (8, True)
    assert [a.replica for a in outcome.attempts] == [False, True]


def test_a_call_that_fails_leaves_the_answer_to_the_other() -> None:
    outcome = hedged(Slow(6, ExpertError("auth", "no")), Slow(3, "9"))

    assert outcome.value == 9
    assert [a.outcome for a in outcome.attempts] == ["auth", "ok"]


def test_when_both_fail_the_failure_is_retried_like_any_other() -> None:
    down = ExpertError("server_error", "503")

    outcome = hedged(Slow(6, down, "8"), Slow(3, down))

    assert outcome.value == 8
    assert [a.outcome for a in outcome.attempts] == ["server_error"] * 2 + ["ok"]


@pytest.mark.parametrize("short", [{"attempts": 1}, {"spare": lambda: False}])
def test_a_hedge_needs_an_attempt_and_a_spare_call(short: Any) -> None:
    second = Slow(1, "9")

    outcome = hedged(Slow(60, "8"), second, **short)

    assert (outcome.value, second.asked) == (8, [])


def test_the_deadline_ends_both_calls_and_both_are_on_record() -> None:
    async def late() -> Outcome[int]:
        limit = TimeLimit.after(20, "time is up")
        hedge = Hedge(Slow(90, "9"), 5)
        return await asked(Slow(60, "8"), hedge=hedge, limit=limit)

    outcome = run_virtually(late())

    assert outcome.failure is not None
    assert (outcome.failure.kind, str(outcome.failure)) == ("timeout", "time is up")
    assert [a.error for a in outcome.attempts] == ["time is up"] * 2


def test_a_bug_is_raised_though_the_other_call_is_at_work() -> None:
    with pytest.raises(ZeroDivisionError):
        hedged(Slow(6, ZeroDivisionError()), Slow(60, "9"))
