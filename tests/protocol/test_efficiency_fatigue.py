"""What one more round is worth, and when none is."""

from math import exp, floor, inf, isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import curves

from nsed.protocol.efficiency_fatigue import UtilityCurve, lambert_w


def test_worked_example() -> None:
    """p_g .6, p_v .8, Λ 2, β .001: a = .4, the peak lies at 6.34 rounds."""
    curve = UtilityCurve(guess=0.6, verify=0.8, rate=2, fatigue=0.001)

    assert curve.gain == pytest.approx(0.4)
    assert curve.optimal_rounds == pytest.approx(6.3385, abs=1e-4)
    assert curve.utility(curve.optimal_rounds) == pytest.approx(0.9281, abs=1e-4)
    assert curve.utility(1) == pytest.approx(1 - 0.4 * exp(-0.4) - 0.001)
    assert curve.slope(1) == pytest.approx(0.16 * exp(-0.4) - 0.002)


@given(curve=curves())
def test_the_optimum_is_where_the_slope_changes_sign(curve: UtilityCurve) -> None:
    peak = curve.optimal_rounds

    assert curve.slope(peak * 0.999) > 0 > curve.slope(peak * 1.001)


@given(curve=curves(), here=st.floats(0, 50), further=st.floats(1e-3, 10))
def test_utility_has_a_single_peak(
    curve: UtilityCurve, here: float, further: float
) -> None:
    peak = curve.optimal_rounds
    before, after = curve.utility(here), curve.utility(here + further)
    noise = 1e-12 * (1 + abs(before) + abs(after))

    assert here + further > peak or before <= after + noise
    assert here < peak or before + noise >= after
    assert curve.utility(peak) + noise >= before


@given(curve=curves(), rounds=st.floats(0.1, 20))
def test_the_slope_is_the_derivative(curve: UtilityCurve, rounds: float) -> None:
    step = 1e-5
    rise = curve.utility(rounds + step) - curve.utility(rounds - step)

    assert curve.slope(rounds) == pytest.approx(rise / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("verify", [0.3, 0.6])
def test_without_gain_nobody_deliberates(verify: float) -> None:
    curve = UtilityCurve(guess=0.6, verify=verify)

    assert curve.gain <= 0
    assert curve.optimal_rounds == 0
    assert curve.evidence_ceiling(9) == 0
    assert curve.utility(2) < curve.utility(1)


def test_without_fatigue_there_is_no_peak() -> None:
    curve = UtilityCurve(fatigue=0)

    assert curve.optimal_rounds == inf
    assert curve.utility(1000) == pytest.approx(1)
    assert curve.evidence_ceiling(3) == pytest.approx(sum(map(curve.slope, (1, 2, 3))))


def test_fatigue_below_floating_point_is_none() -> None:
    assert UtilityCurve(rate=1e6, fatigue=5e-324).optimal_rounds == inf


@given(curve=curves(), limit=st.integers(1, 9))
def test_the_ceiling_sums_the_slopes_up_to_the_peak(
    curve: UtilityCurve, limit: int
) -> None:
    last = max(1, floor(curve.optimal_rounds))
    summed = sum(curve.slope(k) for k in range(1, last + 1))

    assert curve.evidence_ceiling(limit) == pytest.approx(max(0, summed), abs=1e-12)


def test_a_far_peak_is_as_quick_as_a_near_one() -> None:
    """Ten billion rounds: a loop over them would not end."""
    curve = UtilityCurve(rate=1e-8, fatigue=1e-28)

    assert 1e9 < curve.optimal_rounds < inf
    assert 0 < curve.evidence_ceiling(3) < 1


def test_where_the_first_round_already_tires_the_ceiling_is_zero() -> None:
    curve = UtilityCurve(fatigue=1)

    assert 0 < curve.optimal_rounds < 1
    assert curve.evidence_ceiling(3) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"guess": 1}, {"guess": -0.1}, {"verify": 1.1}, {"verify": -0.1}, {"rate": 0},
     {"rate": inf}, {"fatigue": -1}, {"fatigue": inf}, {"rate": float("nan")}],
    ids=str,
)  # fmt: skip
def test_constants_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="need 0 <= guess < 1"):
        UtilityCurve(**wrong)


def test_lambert_w_by_hand() -> None:
    """W(0) = 0, W(e) = 1, W(1) is the omega constant."""
    assert lambert_w(0) == 0
    assert lambert_w(exp(1)) == pytest.approx(1, rel=1e-15)
    assert lambert_w(1) == pytest.approx(0.5671432904097838, rel=1e-15)


@given(w=st.floats(0, 700))
def test_lambert_w_inverts_w_exp_w(w: float) -> None:
    assert lambert_w(w * exp(w)) == pytest.approx(w, rel=1e-12, abs=1e-300)


@given(x=st.floats(0, allow_infinity=False))
def test_lambert_w_is_finite_for_every_finite_number(x: float) -> None:
    assert isfinite(lambert_w(x))


@pytest.mark.parametrize("x", [-1e-9, inf, float("nan")])
def test_lambert_w_refuses_what_it_cannot_solve(x: float) -> None:
    with pytest.raises(ValueError, match="finite x >= 0"):
        lambert_w(x)
