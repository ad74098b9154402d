"""Weights become votes bought from an equal purse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import ballots

from nsed.protocol.influence import Influence
from nsed.protocol.quadratic_voting import (
    cast_votes,
    credit_shares,
    net_support,
    votes_for,
)

NAN = np.nan
Matrix = NDArray[np.float64]


def test_worked_example() -> None:
    """80 and -20 are shares of .8 and -.2, so votes of √.8 and -√.2."""
    weights = np.array([[80.0, -20.0, NAN], [NAN, 0.0, 0.0]])

    np.testing.assert_allclose(credit_shares(weights)[0], [0.8, -0.2, NAN])
    np.testing.assert_allclose(
        cast_votes(weights), [[0.894427, -0.447214, NAN], [NAN, 0, 0]], atol=1e-6
    )


def test_net_support_worked_example() -> None:
    """Two votes of 1 and 0 are a mean of .5; a missing vote is not in the divisor."""
    votes = np.array([[1.0, NAN, NAN], [0.0, -0.5, NAN]])

    np.testing.assert_array_equal(net_support(votes), [0.5, -0.5, NAN])


def test_trusted_reviewers_count_more() -> None:
    votes = np.array([[1.0, 1.0], [-1.0, NAN]])

    np.testing.assert_array_equal(net_support(votes, Influence((3.0, 1.0))), [0.5, 1.0])
    np.testing.assert_array_equal(
        net_support(votes, Influence((0.0, 1.0))), [-1.0, NAN]
    )


@pytest.mark.parametrize(
    "weights", [np.zeros(3), np.zeros((1, 2, 3)), np.array([[1.0, np.inf]])], ids=str
)
def test_weights_must_be_a_finite_matrix(weights: Matrix) -> None:
    with pytest.raises(ValueError, match="finite 2-D matrix"):
        credit_shares(weights)


@given(weights=ballots())
def test_every_reviewer_who_said_anything_spends_the_whole_purse(
    weights: Matrix,
) -> None:
    spent = np.nansum(np.square(cast_votes(weights)), axis=1)
    spoke = np.nansum(np.abs(weights), axis=1) > 0

    np.testing.assert_allclose(spent, spoke.astype(float), atol=1e-12)


@given(weights=ballots())
def test_no_reviewer_overspends(weights: Matrix) -> None:
    for rule in ("signed", "classic"):
        spent = np.nansum(np.abs(credit_shares(weights, rule=rule)), axis=1)
        assert (spent <= 1 + 1e-12).all()


@given(weights=ballots())
def test_influence_runs_from_one_to_the_root_of_the_candidates_seen(
    weights: Matrix,
) -> None:
    influence = np.nansum(np.abs(cast_votes(weights)), axis=1)
    spoke = np.nansum(np.abs(weights), axis=1) > 0
    seen = (~np.isnan(weights)).sum(axis=1)

    assert (influence[spoke] >= 1 - 1e-12).all()
    assert (influence <= np.sqrt(seen) + 1e-12).all()


def test_influence_reaches_both_ends() -> None:
    votes = cast_votes(np.array([[100.0, 0, 0, 0], [25.0, 25, 25, 25]]))

    np.testing.assert_allclose(votes.sum(axis=1), [1, 2])


@given(weight=st.integers(-100, 100).filter(bool).map(float))
def test_with_two_experts_every_vote_is_all_or_nothing(weight: float) -> None:
    votes = cast_votes(np.array([[NAN, weight], [-weight, NAN]]))

    assert votes[0, 1] == np.sign(weight)
    assert votes[1, 0] == -np.sign(weight)


@given(weights=ballots(), scale=st.sampled_from([1e-300, 1e-3, 0.5, 3.0, 1e300]))
def test_only_relative_weights_matter(weights: Matrix, scale: float) -> None:
    np.testing.assert_allclose(cast_votes(weights * scale), cast_votes(weights))


@given(weights=ballots(), order=st.randoms(use_true_random=False))
def test_reordering_reviewers_and_candidates_reorders_votes(
    weights: Matrix, order: "st.Random"
) -> None:
    rows, columns = map(list, map(range, weights.shape))
    order.shuffle(rows)
    order.shuffle(columns)
    shuffled = weights[rows][:, columns]

    np.testing.assert_allclose(
        cast_votes(shuffled), cast_votes(weights)[rows][:, columns]
    )
    np.testing.assert_allclose(
        net_support(cast_votes(shuffled)),
        net_support(cast_votes(weights))[columns],
        atol=1e-12,
    )


@given(weights=ballots())
def test_not_voted_stays_not_voted_and_is_not_zero(weights: Matrix) -> None:
    votes = cast_votes(weights)

    np.testing.assert_array_equal(np.isnan(votes), np.isnan(weights))
    np.testing.assert_array_equal(
        np.isnan(net_support(votes)), np.isnan(weights).all(axis=0)
    )


def test_a_zero_lowers_net_support_and_a_missing_vote_does_not() -> None:
    zero = net_support(cast_votes(np.array([[50.0, 50.0], [0.0, 10.0]])))
    missing = net_support(cast_votes(np.array([[50.0, 50.0], [NAN, 10.0]])))

    assert zero[0] == pytest.approx(missing[0] / 2)


@given(weights=ballots(), trust=st.lists(st.floats(0, 1e6), min_size=6, max_size=6))
def test_net_support_is_between_minus_one_and_one(
    weights: Matrix, trust: list[float]
) -> None:
    found = net_support(cast_votes(weights), Influence(tuple(trust[: len(weights)])))

    assert (np.abs(found[~np.isnan(found)]) <= 1).all()


@given(weights=ballots())
def test_with_equal_coverage_net_support_ranks_like_the_sum(weights: Matrix) -> None:
    votes = cast_votes(np.nan_to_num(weights))

    np.testing.assert_allclose(net_support(votes) * len(votes), votes.sum(axis=0))


@given(shares=st.lists(st.floats(-3, 3), min_size=1))
def test_a_vote_squared_is_the_clamped_share(shares: list[float]) -> None:
    votes = votes_for(np.array(shares))

    np.testing.assert_allclose(
        votes * np.abs(votes), np.clip(shares, -1, 1), atol=1e-300
    )


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)], ids=str)
def test_an_empty_round_has_no_votes(shape: tuple[int, int]) -> None:
    assert cast_votes(np.zeros(shape)).shape == shape
    assert net_support(np.zeros(shape)).shape == shape[1:]
