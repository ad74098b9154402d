"""The numbers the paper's authors publish, and those the design document works out.

Sources: votes and transforms, the authors' SDK; utility, arXiv:2601.16863 with the
constants worked through in the design (the paper's fitted ones are not published).
"""

import numpy as np
import pytest

from nsed.protocol.consensus import conviction
from nsed.protocol.efficiency_fatigue import UtilityCurve
from nsed.protocol.quadratic_voting import QuadraticRule, cast_votes, votes_for


@pytest.mark.parametrize(
    ("weights", "votes"),
    [
        ([80, -20], [0.894427, -0.447214]),
        ([60, 30, 10], [0.774597, 0.547723, 0.316228]),
        ([90, -45, 45], [0.707107, -0.5, 0.5]),
        ([0, 0], [0, 0]),
    ],
    ids=str,
)
def test_signed_votes(weights: list[float], votes: list[float]) -> None:
    found = cast_votes(np.array([weights], dtype=float), rule="signed")

    np.testing.assert_allclose(found, [votes], atol=1e-6)


@pytest.mark.parametrize(
    ("share", "vote"),
    [(1, 1), (0.25, 0.5), (0, 0), (2, 1), (-1, -1), (-0.25, -0.5)],
)
def test_the_transform_alone(share: float, vote: float) -> None:
    assert votes_for(np.array([share])) == pytest.approx(vote)


@pytest.mark.parametrize(
    ("weight", "total", "vote"),
    [
        (100, 100, 1),
        (25, 100, 0.5),
        (0, 100, 0),
        (50, 50, 50**0.5 / 10),
        (200, 200, 1),
        (-50, 100, 0),
    ],
)
def test_classic_votes(weight: float, total: float, vote: float) -> None:
    """The ballot spends `total` in all, `weight` of it here."""
    ballot = np.array([[weight, total - max(weight, 0.0)]])

    assert cast_votes(ballot, rule="classic")[0, 0] == pytest.approx(vote)


def test_the_two_rules_agree_where_a_full_purse_is_spent_on_praise() -> None:
    ballot = np.array([[60.0, 30.0, 10.0]])
    rules: tuple[QuadraticRule, ...] = ("signed", "classic")
    signed, classic = (cast_votes(ballot, rule=rule) for rule in rules)

    np.testing.assert_allclose(signed, classic)


def test_conviction_is_the_winners_share_of_all_support() -> None:
    assert conviction(np.array([0.6, -0.2, 0.2]), 0) == pytest.approx(0.6)


def test_utility_peaks_after_six_rounds() -> None:
    curve = UtilityCurve(guess=0.6, verify=0.8, rate=2.0, fatigue=0.001)

    assert curve.optimal_rounds == pytest.approx(6.3385, abs=5e-5)
    assert curve.utility(curve.optimal_rounds) == pytest.approx(0.9281, abs=5e-5)
