"""The circuit breaker: what opens it, for how long, and what closes it."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.brokers.circuit import (
    BASE_PAUSE_S,
    FORGIVEN_AFTER_S,
    KEPT,
    LONGEST_PAUSE_S,
    Circuit,
    CircuitFacts,
    circuit,
)

NOW = 1.8e9


def facts(*events: tuple[float, str]) -> CircuitFacts:
    """Facts of events at seconds after NOW."""
    return sum(
        (CircuitFacts.seen(NOW + at, outcome) for at, outcome in events), CircuitFacts()
    )


def state(at: float, *events: tuple[float, str]) -> str:
    return circuit(facts(*events), NOW + at).state


@pytest.mark.parametrize("kind", ["model_gone", "auth"])
def test_one_failure_that_waiting_does_not_mend_opens_it(kind: str) -> None:
    found = circuit(facts((0, kind)), NOW + 1)

    assert found == Circuit("open", NOW + BASE_PAUSE_S, kind)


@pytest.mark.parametrize(
    "kind", ["rate_limit", "malformed", "server_error", "connection", "cancelled"]
)
def test_what_passes_never_opens_it(kind: str) -> None:
    assert state(9, *((at, kind) for at in range(9))) == "closed"


def test_the_third_timeout_without_a_success_between_opens_it() -> None:
    assert state(9, (1, "timeout"), (2, "timeout")) == "closed"
    assert state(9, (1, "timeout"), (2, "timeout"), (3, "timeout")) == "open"
    with_success = ((1, "timeout"), (2, "timeout"), (3, "ok"), (4, "timeout"))
    assert state(9, *with_success) == "closed"


def test_after_the_pause_it_is_half_open_and_a_success_closes_it() -> None:
    assert state(29.9, (0, "auth")) == "open"
    assert state(30, (0, "auth")) == "half_open"
    assert state(31, (0, "auth"), (30.5, "ok")) == "closed"


def test_each_further_episode_doubles_the_pause_up_to_an_hour() -> None:
    events: list[tuple[float, str]] = []
    pauses = []
    at = 0.0
    for _ in range(10):
        events.append((at, "model_gone"))
        until = circuit(facts(*events), NOW + at).until
        assert until is not None
        pauses.append(until - NOW - at)
        at = until - NOW + 1

    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_failures_close_together_are_one_episode() -> None:
    """Three calls of one round that all fail are not three lessons."""
    found = circuit(facts((0, "auth"), (2, "auth"), (3, "auth")), NOW + 3)

    assert found.until == NOW + 3 + BASE_PAUSE_S


def test_failures_of_yesterday_are_forgiven() -> None:
    assert state(FORGIVEN_AFTER_S - 1, (0, "auth")) == "half_open"
    assert state(FORGIVEN_AFTER_S, (0, "auth")) == "closed"


def test_a_failure_from_the_future_counts_as_of_now() -> None:
    found = circuit(facts((10_000, "auth")), NOW)

    assert (found.state, found.until) == ("open", NOW + BASE_PAUSE_S)


def test_a_success_of_one_process_hides_the_older_failure_of_another() -> None:
    late, early = facts((5, "ok")), facts((4, "model_gone"))

    assert circuit(late + early, NOW + 6) == circuit(early + late, NOW + 6) == Circuit()
    assert circuit(late + facts((6, "model_gone")), NOW + 6).state == "open"


def test_a_repeat_changes_nothing_and_memory_is_bounded() -> None:
    one = facts(*((at, "timeout") for at in range(100)))

    assert one + one == one
    assert [at - NOW for at, _ in one.failures] == list(range(100 - KEPT, 100))


events = st.tuples(
    st.integers(0, 60), st.sampled_from(["ok", "auth", "timeout", "model_gone"])
)


@given(groups=st.tuples(*[st.lists(events, max_size=20)] * 3))
def test_order_and_grouping_of_merging_never_matter(
    groups: tuple[list[tuple[int, str]], ...],
) -> None:
    whole = facts(*(event for group in groups for event in group))

    for a, b, c in permutations(facts(*group) for group in groups):
        assert a + (b + c) == (a + b) + c == whole
