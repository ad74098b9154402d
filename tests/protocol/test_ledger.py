"""A cap is never exceeded, whatever the order of calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.ledger import (
    PROMPT_OVERHEAD_TOKENS,
    Caps,
    Ledger,
    allot,
    spare_calls,
    worst_case,
)
from nsed.protocol.usage import Prices, Usage, total_usage

NAMES = ["ada", "bob", "cy"]
SMALL = st.builds(
    Usage,
    calls=st.just(1),
    input_tokens=st.integers(0, 50),
    output_tokens=st.integers(0, 50),
    nano_usd=st.integers(0, 50),
    unpriced_calls=st.sampled_from([0, 0, 0, 1]),
)
LIMIT = st.none() | st.integers(0, 400)
CAPS = st.builds(
    Caps, nano_usd=LIMIT, tokens=LIMIT, calls=st.none() | st.integers(0, 9)
)
WISHES = st.dictionaries(st.sampled_from(NAMES), st.lists(SMALL, max_size=4))


def one_call(tokens: int) -> Usage:
    """One call of so many tokens."""
    return Usage(calls=1, input_tokens=tokens)


def test_worked_example() -> None:
    """100 tokens left: both first attempts of 30, then one second attempt."""
    wishes = {"ada": [one_call(30), one_call(40)], "bob": [one_call(30), one_call(40)]}

    assert allot(Caps(tokens=110), one_call(10), wishes) == {"ada": 2, "bob": 1}


def test_first_attempts_come_before_second_ones() -> None:
    wishes = {"ada": [one_call(10)] * 5, "bob": [one_call(10)], "cy": [one_call(10)]}

    assert allot(Caps(calls=3), Usage(), wishes) == {"ada": 1, "bob": 1, "cy": 1}
    assert allot(Caps(calls=5), Usage(), wishes) == {"ada": 3, "bob": 1, "cy": 1}
    assert allot(Caps(calls=2), Usage(), wishes) == {"ada": 1, "bob": 1, "cy": 0}


def test_one_that_does_not_fit_leaves_its_place_and_gets_no_later_attempt() -> None:
    wishes = {"ada": [one_call(90), one_call(1)], "bob": [one_call(50)]}

    assert allot(Caps(tokens=60), Usage(), wishes) == {"ada": 0, "bob": 1}


def test_without_caps_every_wish_is_granted() -> None:
    assert allot(Caps(), Usage(), {"ada": [one_call(10**12)] * 3}) == {"ada": 3}
    assert allot(Caps(), Usage(), {}) == {}


@pytest.mark.parametrize(
    ("caps", "fits", "exceeds"),
    [
        (Caps(nano_usd=5), Usage(nano_usd=5), Usage(nano_usd=6)),
        (Caps(nano_usd=0), Usage(), Usage(nano_usd=1)),
        (Caps(tokens=3), Usage(input_tokens=2, output_tokens=1), one_call(4)),
        (Caps(calls=1), Usage(calls=1), Usage(calls=2)),
        # A cap on money cannot be proved to hold where a price is unknown.
        (Caps(nano_usd=5), Usage(nano_usd=1), Usage(nano_usd=1, unpriced_calls=1)),
    ],
)  # fmt: skip
def test_a_cap_is_the_most_that_fits(caps: Caps, fits: Usage, exceeds: Usage) -> None:
    assert caps.fit(fits)
    assert not caps.fit(exceeds)


@given(caps=CAPS, spent=SMALL, wishes=WISHES)
def test_everything_granted_together_fits(
    caps: Caps, spent: Usage, wishes: dict[str, list[Usage]]
) -> None:
    granted = allot(caps, spent, wishes)
    reserved = [u for name, n in granted.items() for u in wishes[name][:n]]

    assert granted.keys() == wishes.keys()
    assert not reserved or caps.fit(total_usage([spent, *reserved]))


@given(caps=CAPS, spent=SMALL, wishes=WISHES)
def test_nothing_that_fits_is_left_on_the_table(
    caps: Caps, spent: Usage, wishes: dict[str, list[Usage]]
) -> None:
    """Whoever got fewer attempts than he wished could not have had one more."""
    granted = allot(caps, spent, wishes)
    reserved = total_usage(
        [spent, *(u for name, n in granted.items() for u in wishes[name][:n])]
    )

    for name, n in granted.items():
        assert n == len(wishes[name]) or not caps.fit(reserved + wishes[name][n])


@given(caps=CAPS, spent=SMALL, wishes=WISHES, data=st.data())
def test_no_interleaving_of_charges_exceeds_a_cap(
    caps: Caps, spent: Usage, wishes: dict[str, list[Usage]], data: st.DataObject
) -> None:
    """Callers admit and charge in any order, each at most its worst case."""
    granted = allot(caps, spent, wishes)
    ledgers = {name: Ledger(n) for name, n in granted.items()}
    asked = dict.fromkeys(wishes, 0)
    eager = [name for name in wishes for _ in range(6)]

    for name in data.draw(st.permutations(eager)):
        if ledgers[name].admit():
            worst = wishes[name][asked[name]]
            asked[name] += 1
            part = data.draw(st.integers(0, 100))
            ledgers[name].charge(
                Usage(
                    calls=1,
                    input_tokens=worst.input_tokens * part // 100,
                    output_tokens=worst.output_tokens * part // 100,
                    nano_usd=worst.nano_usd * part // 100,
                    unpriced_calls=worst.unpriced_calls,
                )
            )
        charged = total_usage(ledger.spent for ledger in ledgers.values())
        assert charged == Usage() or caps.fit(spent + charged)

    assert asked == granted


def test_a_ledger_admits_as_often_as_granted_and_sums_what_was_charged() -> None:
    ledger = Ledger(2)

    assert [ledger.admit() for _ in range(4)] == [True, True, False, False]
    ledger.charge(one_call(3))
    ledger.charge(one_call(4))
    assert ledger.spent == Usage(calls=2, input_tokens=7)
    assert Ledger(0).admit() is False
    assert Ledger(1).spent == Usage()


def test_worst_case_by_hand() -> None:
    """100 bytes are at most 100 tokens, and the template adds 64."""
    prices = Prices(input_usd_per_mtok=1, output_usd_per_mtok=2)

    assert worst_case(prompt_bytes=100, max_output_tokens=10, prices=prices) == Usage(
        calls=1, input_tokens=164, output_tokens=10, nano_usd=184_000
    )
    assert PROMPT_OVERHEAD_TOKENS == 64


def test_an_unknown_price_is_counted_as_unpriced() -> None:
    bound = worst_case(prompt_bytes=1, max_output_tokens=1, prices=Prices())

    assert (bound.unpriced_calls, bound.nano_usd, bound.usd) == (1, 0, None)


@given(
    prompt=st.integers(0, 10**6),
    most=st.integers(0, 10**6),
    parts=st.tuples(*[st.floats(0, 1)] * 3),
    cents=st.tuples(*[st.integers(0, 10**4)] * 3),
)
def test_no_call_within_its_limits_costs_more_than_its_worst_case(
    prompt: int, most: int, parts: tuple[float, ...], cents: tuple[int, ...]
) -> None:
    """Also where what goes through the cache is dearer."""
    prices = Prices(*(c / 100 for c in cents))
    bound = worst_case(prompt_bytes=prompt, max_output_tokens=most, prices=prices)
    used = int(bound.input_tokens * parts[0])

    cost = prices.nano_usd(
        input_tokens=used,
        cached_input_tokens=int(used * parts[1]),
        output_tokens=int(most * parts[2]),
    )

    assert cost is not None
    assert cost <= bound.nano_usd


@pytest.mark.parametrize(
    ("questions", "further", "left"), [(3, 0, 2), (6, 2, 1), (6, 3, 0), (1, 0, 1)]
)
def test_spare_calls_are_a_share_of_the_questions(
    questions: int, further: int, left: int
) -> None:
    assert spare_calls(questions=questions, further=further, share=0.5) == left


def test_no_share_is_no_further_call() -> None:
    assert spare_calls(questions=9, further=0, share=0) == 0
    assert spare_calls(questions=9, further=20, share=0.5) == 0
