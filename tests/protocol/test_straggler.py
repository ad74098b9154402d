"""The straggler rule: whom a phase waits for, and how long."""

from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.straggler import straggler_cut_s

SECONDS = st.lists(st.floats(0, 1e4), max_size=12)


def cut(*answered_s: float, asked: int = 4, quorum: int = 1, **more: float) -> object:
    rule = {"factor": 4.0, "least_s": 10.0, **more}
    return straggler_cut_s(answered_s, asked=asked, quorum=quorum, **rule)


def test_worked_example() -> None:
    """Three of four took 5, 6 and 9 s: the fourth has 4 · 6 = 24 s."""
    assert cut(5, 6, 9) == 24
    assert cut(5, 6, 9, p95_s=90.0) == 90  # it is known to be slow
    assert cut(0.1, 0.2, 0.3) == 10  # seconds are not worth the loss


def test_half_of_those_asked_say_little_of_the_others() -> None:
    assert cut(5, 6) is None
    assert cut(5, asked=2) is None
    assert cut(5, 6, asked=3) is not None


def test_nobody_is_cut_off_before_the_quorum_is_there() -> None:
    assert cut(5, 6, 9, quorum=4) is None
    assert cut(5, 6, 9, quorum=3) is not None


@given(SECONDS, st.integers(1, 12), st.integers(1, 12), st.floats(0, 1e4))
def test_whoever_answered_within_the_rule_would_not_have_been_cut_off(
    answered: list[float], asked: int, quorum: int, p95: float
) -> None:
    limit = straggler_cut_s(
        answered, asked=asked, quorum=quorum, factor=4, least_s=1, p95_s=p95
    )

    if limit is not None:
        assert limit >= max(1, p95)
        assert sum(s <= limit for s in answered) * 2 >= len(answered)
