"""Usage adds up in any order; unknown prices stay unknown."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import usages

from nsed.protocol.usage import Prices, Usage, total_usage

TOKENS = st.integers(0, 10**9)
CENTS = st.integers(0, 10**5)


def test_worked_example() -> None:
    """1000 tokens at $3 and 100 at $15 a million: $0.0045."""
    prices = Prices(input_usd_per_mtok=3, output_usd_per_mtok=15)

    assert prices.nano_usd(input_tokens=1000, output_tokens=100) == 4_500_000
    assert Usage(nano_usd=4_500_000).usd == pytest.approx(0.0045)
    assert Usage(input_tokens=7, output_tokens=5, cached_input_tokens=3).tokens == 12


@given(a=usages(), b=usages(), c=usages())
def test_usage_is_a_commutative_monoid(a: Usage, b: Usage, c: Usage) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Usage() == a
    assert total_usage([a, b, c]) == a + b + c
    assert total_usage([]) == Usage()


@given(a=usages(), b=usages())
def test_every_field_adds_up(a: Usage, b: Usage) -> None:
    for name in Usage.__dataclass_fields__:
        assert getattr(a + b, name) == getattr(a, name) + getattr(b, name)


def test_one_unpriced_call_makes_the_sum_unknown() -> None:
    known = Usage(calls=1, nano_usd=5)

    assert (known + Usage(calls=1, unpriced_calls=1)).usd is None
    assert Usage().usd == 0


@pytest.mark.parametrize(
    "prices",
    [Prices(), Prices(input_usd_per_mtok=1), Prices(output_usd_per_mtok=1),
     Prices(cached_input_usd_per_mtok=1, output_usd_per_mtok=1)],
    ids=str,
)  # fmt: skip
def test_an_unknown_price_is_none_and_never_zero(prices: Prices) -> None:
    assert not prices.known
    assert prices.nano_usd(input_tokens=0, output_tokens=0) is None


def test_free_is_a_known_price() -> None:
    free = Prices(input_usd_per_mtok=0, output_usd_per_mtok=0)

    assert free.known
    assert free.nano_usd(input_tokens=9, output_tokens=9) == 0


def test_cached_tokens_have_their_own_price_if_there_is_one() -> None:
    plain = Prices(input_usd_per_mtok=2, output_usd_per_mtok=0)
    cheap = Prices(
        input_usd_per_mtok=2, cached_input_usd_per_mtok=0.5, output_usd_per_mtok=0
    )

    for prices, cost in ((plain, 20_000), (cheap, 14_000)):
        assert (
            prices.nano_usd(input_tokens=10, cached_input_tokens=4, output_tokens=0)
            == cost
        )


def test_more_cached_than_input_tokens_cost_no_less_than_nothing() -> None:
    """A provider that does not count cached tokens as input is not refunded."""
    prices = Prices(
        input_usd_per_mtok=2, cached_input_usd_per_mtok=1, output_usd_per_mtok=0
    )

    assert (
        prices.nano_usd(input_tokens=1, cached_input_tokens=4, output_tokens=0) == 4000
    )


def test_money_is_rounded_up_once() -> None:
    """$0.0001 a million tokens is a tenth of a nano-dollar a token."""
    dust = Prices(input_usd_per_mtok=0.0001, output_usd_per_mtok=0.0001)

    assert dust.nano_usd(input_tokens=1, output_tokens=0) == 1
    assert dust.nano_usd(input_tokens=5, output_tokens=5) == 1
    assert dust.nano_usd(input_tokens=6, output_tokens=5) == 2


@given(fresh=CENTS, out=CENTS, tokens_in=TOKENS, tokens_out=TOKENS)
def test_prices_are_decimal_and_exact(
    fresh: int, out: int, tokens_in: int, tokens_out: int
) -> None:
    """0.1 means a tenth: no nano-dollar is made of floating point."""
    prices = Prices(input_usd_per_mtok=fresh / 1000, output_usd_per_mtok=out / 1000)

    exact = 1000 * Fraction(fresh * tokens_in + out * tokens_out, 1000)
    assert prices.nano_usd(input_tokens=tokens_in, output_tokens=tokens_out) == ceil(
        exact
    )


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", list(Prices.__dataclass_fields__))
def test_impossible_prices_are_refused(name: str, price: float) -> None:
    with pytest.raises(ValueError, match=f"need {name} >= 0"):
        Prices(**{name: price})
