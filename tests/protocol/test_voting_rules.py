"""Mean, Borda and plurality, by hand and in general."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from strategies import ballots

from nsed.protocol.influence import Influence
from nsed.protocol.voting_rules import borda_count, mean_weight, plurality_share

NAN = np.nan
Matrix = NDArray[np.float64]
BALLOTS = np.array([[NAN, 80.0, -20.0], [60.0, NAN, 60.0], [10.0, 30.0, NAN]])
Count = Callable[..., NDArray[np.float64]]
COUNTS: list[Count] = [mean_weight, borda_count, plurality_share]


def test_mean_by_hand() -> None:
    """(60+10)/200, (80+30)/200, (-20+60)/200: the gaps are not zeros."""
    np.testing.assert_allclose(mean_weight(BALLOTS), [0.35, 0.55, 0.2])


def test_borda_by_hand() -> None:
    """Each ranks two: a win is 1, a loss 0, the tie of the second reviewer half."""
    np.testing.assert_allclose(borda_count(BALLOTS), [0.25, 1.0, 0.25])


def test_plurality_by_hand() -> None:
    """Two first places for the second; the tie gives half a place to each."""
    np.testing.assert_allclose(plurality_share(BALLOTS), [1 / 6, 4 / 6, 1 / 6])


def test_borda_ranks_three() -> None:
    """First beats two of two rivals, second one, last none."""
    np.testing.assert_allclose(borda_count(np.array([[9.0, -1, 5]])), [1.0, 0.0, 0.5])


def test_a_ballot_over_a_single_candidate_ranks_nothing() -> None:
    weights = np.array([[NAN, 50.0], [20.0, NAN]])

    assert np.isnan(borda_count(weights)).all()


def test_a_silent_reviewer_has_no_say_in_plurality() -> None:
    weights = np.array([[10.0, 0.0], [NAN, NAN]])

    np.testing.assert_array_equal(plurality_share(weights), [1.0, 0.0])


@pytest.mark.parametrize("count", COUNTS)
def test_nobody_voted_is_not_a_number(count: Count) -> None:
    assert np.isnan(count(np.full((2, 3), NAN))).all()


@pytest.mark.parametrize("count", COUNTS)
def test_trust_counts_as_that_many_equal_ballots(count: Count) -> None:
    twice = np.vstack([BALLOTS, BALLOTS[:1]])

    np.testing.assert_allclose(count(BALLOTS, Influence((2.0, 1.0, 1.0))), count(twice))


@given(weights=ballots())
def test_ranges(weights: Matrix) -> None:
    mean, borda, plurality = (count(weights) for count in COUNTS)

    assert (np.abs(mean[~np.isnan(mean)]) <= 1).all()
    assert ((borda[~np.isnan(borda)] >= 0) & (borda[~np.isnan(borda)] <= 1)).all()
    assert plurality.sum() == pytest.approx(1)


@given(weights=ballots())
def test_borda_and_plurality_only_see_the_order(weights: Matrix) -> None:
    stretched = weights**3

    np.testing.assert_array_equal(borda_count(stretched), borda_count(weights))
    np.testing.assert_array_equal(plurality_share(stretched), plurality_share(weights))


@given(weights=ballots())
def test_a_full_ballot_hands_out_half_a_borda_point_a_candidate(
    weights: Matrix,
) -> None:
    full = np.nan_to_num(weights)
    if full.shape[1] > 1:
        assert borda_count(full).mean() == pytest.approx(0.5)
