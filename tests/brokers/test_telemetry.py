"""Telemetry: what single observations add up to, in any order, and how it fades."""

import json
from dataclasses import replace
from math import isclose, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.brokers.decay import DAY_S, HALF_LIFE_S, SLOW_HALF_LIFE_S
from nsed.brokers.latency_histogram import bucket_of, quantile
from nsed.brokers.observations import (
    AgreementSeen,
    CallSeen,
    Observation,
    OutcomesSeen,
    SupportSeen,
    UnreachableSeen,
)
from nsed.brokers.telemetry import Telemetry
from nsed.brokers.telemetry_summary import Summary

NOW = 1.8e9
CALL = CallSeen(
    expert="ada",
    role="proposer",
    category="math",
    at=NOW,
    outcome="ok",
    latency_ms=2000,
    first_token_ms=100,
    input_tokens=300,
    output_tokens=40,
    nano_usd=5_000_000,
)

_NAMES = st.sampled_from(["ada", "bob", "cy"])
_KINDS = st.sampled_from(["math", "code"])
_TIMES = st.floats(NOW - 300 * DAY_S, NOW)
_SEEN = st.one_of(
    st.builds(
        CallSeen,
        expert=_NAMES,
        role=st.sampled_from(["proposer", "reviewer"]),
        category=_KINDS,
        at=_TIMES,
        outcome=st.sampled_from(["ok", "timeout", "auth", "malformed"]),
        latency_ms=st.integers(0, 10**6),
        first_token_ms=st.none() | st.integers(0, 10**5),
        input_tokens=st.integers(0, 10**5),
        output_tokens=st.integers(0, 10**5),
        nano_usd=st.none() | st.integers(0, 10**9),
    ),
    st.builds(UnreachableSeen, expert=_NAMES, at=_TIMES),
    st.builds(SupportSeen, _NAMES, _KINDS, _TIMES, st.floats(-1, 1)),
    st.builds(AgreementSeen, _NAMES, _KINDS, _TIMES, st.booleans()),
    st.builds(OutcomesSeen, _KINDS, _TIMES, st.dictionaries(_NAMES, st.booleans())),
)
seen = st.lists(_SEEN, max_size=12)


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal but for rounding."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return bool(a == b)


def summary_of(*observations: Observation, now: float = NOW, **of: Any) -> Summary:
    return Telemetry.of(observations).summary("ada", now, **of)


def test_worked_example() -> None:
    """Two answers, a timeout a half-life ago: it counts half."""
    summary = summary_of(
        CALL,
        replace(CALL, latency_ms=4000, output_tokens=80, nano_usd=7_000_000),
        replace(
            CALL,
            at=NOW - HALF_LIFE_S,
            outcome="timeout",
            latency_ms=120_000,
            first_token_ms=None,
            input_tokens=0,
            output_tokens=0,
            nano_usd=0,
        ),
    )

    assert (summary.calls, summary.calls_ever) == (pytest.approx(2.5), 3)
    assert summary.ewma_latency_ms == pytest.approx((2000 + 4000 + 60_000) / 2.5)
    assert summary.p95_latency_ms == pytest.approx(120_000, rel=0.04)
    assert summary.tokens_per_s == pytest.approx((40 + 80) / 6)
    assert summary.first_token_ms == pytest.approx(100)
    assert summary.failures == {"timeout": pytest.approx(0.2)}
    assert summary.failure_rate == pytest.approx(0.2)
    assert summary.input_tokens == pytest.approx(300)  # of calls that used any
    assert summary.output_tokens == pytest.approx(60)
    assert summary.usd == pytest.approx(0.006)
    assert summary.last_seen == NOW


def test_nothing_known_is_none_and_not_zero() -> None:
    assert summary_of() == Summary()
    assert Summary().ewma_latency_ms is Summary().net_support is None


@given(a=seen, b=seen)
def test_merging_commutes(a: list[Observation], b: list[Observation]) -> None:
    one, other = Telemetry.of(a), Telemetry.of(b)

    assert same((one + other).as_json(), (other + one).as_json())


@given(a=seen, b=seen, c=seen)
def test_merging_associates(
    a: list[Observation], b: list[Observation], c: list[Observation]
) -> None:
    x, y, z = map(Telemetry.of, (a, b, c))

    assert same(((x + y) + z).as_json(), (x + (y + z)).as_json())


@given(a=seen, b=seen)
def test_parts_add_up_to_the_whole(a: list[Observation], b: list[Observation]) -> None:
    whole = Telemetry.of([*a, *b])

    assert same((Telemetry.of(a) + Telemetry.of(b)).as_json(), whole.as_json())
    assert whole + Telemetry() == Telemetry() + whole == whole


@given(a=seen)
def test_json_gives_it_back_to_the_last_bit(a: list[Observation]) -> None:
    whole = Telemetry.of(a)

    assert Telemetry.from_json(json.loads(json.dumps(whole.as_json()))) == whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 2}, "schema version 1, found 2"),
        ({"schema_version": None}, "schema version 1, found None"),
        ({"calls": None}, "not telemetry"),
        ({"calls": [["ada"]]}, "not telemetry"),
        ({"calls": [["ada", "r", "c", -1, 1, 1, {}]]}, "expected a count"),
        ({"learned": [["ada", "c", nan, {}]]}, "expected a finite number"),
        ({"learned": [["ada", "c", 1, {"ms<.x": 1}]]}, "not telemetry"),
        ({"joints": [["ada", 7, "c", 1, {}]]}, "expected a text"),
        ({"circuits": [["ada", None, [[1]]]]}, "not telemetry"),
    ],
)
def test_junk_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Telemetry.from_json({**Telemetry().as_json(), **change})


@pytest.mark.parametrize("junk", [None, [], "x", 3])
def test_what_is_no_object_is_refused(junk: object) -> None:
    with pytest.raises(ValueError, match="schema version 1, found None"):
        Telemetry.from_json(junk)


def test_one_number_that_is_none_cannot_spoil_the_sums() -> None:
    with pytest.raises(ValueError, match="finite"):
        Telemetry.of([SupportSeen("ada", "math", NOW, nan)])


def test_time_halves_calls_in_a_week_and_what_was_learned_in_90_days() -> None:
    known = Telemetry.of([CALL, AgreementSeen("ada", "math", NOW, agreed=True)])

    assert known.summary("ada", NOW + HALF_LIFE_S).calls == pytest.approx(0.5)
    assert known.summary("ada", NOW + SLOW_HALF_LIFE_S).agreed == pytest.approx(0.5)
    assert known.summary("ada", NOW + 1000 * DAY_S).calls_ever == 1


def test_a_clock_that_runs_behind_changes_nothing() -> None:
    known = Telemetry.of([CALL])

    assert known.summary("ada", NOW - 1e6) == known.summary("ada", NOW)


def test_the_mean_latency_forgets_but_does_not_shrink() -> None:
    known = Telemetry.of([CALL, replace(CALL, latency_ms=4000)])

    later = known.summary("ada", NOW + 50 * DAY_S)

    assert later.ewma_latency_ms == pytest.approx(3000)


@given(latencies=st.lists(st.floats(1, 8.64e7), min_size=1, max_size=60))
def test_a_quantile_is_within_four_percent(latencies: list[float]) -> None:
    weights: dict[int, int] = {}
    for latency in latencies:
        bucket = bucket_of(latency)
        weights[bucket] = weights.get(bucket, 0) + 1

    found = quantile(weights, 0.95)

    exact = np.quantile(latencies, 0.95, method="inverted_cdf")
    assert found == pytest.approx(exact, rel=0.04)


@pytest.mark.parametrize("kind", ["auth", "rate_limit", "malformed", "connection"])
def test_a_failure_that_is_no_timeout_does_not_count_as_a_latency(kind: str) -> None:
    quick = replace(CALL, outcome=kind, latency_ms=3)

    assert summary_of(CALL, quick).ewma_latency_ms == pytest.approx(2000)
    assert summary_of(quick).p95_latency_ms is None


def test_one_unknown_price_hides_the_price_until_it_is_forgotten() -> None:
    unpriced = replace(CALL, nano_usd=None, at=NOW - 60 * DAY_S)
    known = Telemetry.of([CALL, unpriced])

    assert known.summary("ada", NOW).usd is None
    assert known.summary("ada", NOW + 20 * DAY_S).usd is not None


def test_roles_and_categories_are_told_apart_and_pooled() -> None:
    review = replace(CALL, role="reviewer", latency_ms=500)
    code = replace(CALL, category="code", latency_ms=8000)
    observations = (CALL, review, code)

    def latency(**of: str) -> float | None:
        return summary_of(*observations, **of).ewma_latency_ms

    assert latency(role="reviewer") == pytest.approx(500)
    assert latency(category="code") == pytest.approx(8000)
    assert latency(category="math") == pytest.approx(1250)
    assert latency() == pytest.approx(3500)
    assert latency(role="reviewer", category="code") is None


def test_support_agreement_and_grades_are_counted_by_category() -> None:
    summary = summary_of(
        SupportSeen("ada", "math", NOW, 0.5),
        SupportSeen("ada", "math", NOW, -0.1),
        SupportSeen("ada", "code", NOW, -1),
        AgreementSeen("ada", "math", NOW, agreed=True),
        AgreementSeen("ada", "math", NOW, agreed=False),
        OutcomesSeen("math", NOW, {"ada": True, "bob": False}),
        category="math",
    )

    assert summary.net_support == pytest.approx(0.2)
    assert summary.net_support_weight == pytest.approx(2)
    assert (summary.agreed, summary.disagreed) == (1, 1)
    assert (summary.right, summary.wrong) == (1, 0)
    assert summary.calls_ever == 0


def test_joint_outcomes_are_those_of_the_pair_as_it_was_asked_for() -> None:
    known = Telemetry.of(
        [
            OutcomesSeen("math", NOW, {"ada": True, "bob": True, "cy": False}),
            OutcomesSeen("math", NOW, {"bob": False, "ada": True}),
            OutcomesSeen("code", NOW, {"ada": False, "bob": False}),
            OutcomesSeen("code", NOW, {"ada": True}),
        ]
    )

    assert known.joint("ada", "bob") == (1, 1, 0, 1)
    assert known.joint("bob", "ada") == (1, 0, 1, 1)
    assert known.joint("ada", "bob", "math") == (1, 1, 0, 0)
    assert known.joint("ada", "dan") == (0, 0, 0, 0)
    later = known.joint("ada", "bob", now=NOW + SLOW_HALF_LIFE_S)
    assert later == pytest.approx((0.5, 0.5, 0, 0.5))
    with pytest.raises(ValueError, match="two experts"):
        known.joint("ada", "ada")


def test_everybody_something_is_known_of_is_named() -> None:
    known = Telemetry.of(
        [CALL, UnreachableSeen("cy", NOW), SupportSeen("bob", "math", NOW, 0)]
    )

    assert known.experts == ("ada", "bob", "cy")
    assert known.circuit("cy", NOW).state == "open"
    assert known.circuit("nobody", NOW).state == "closed"
