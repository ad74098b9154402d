"""Support pooled over proposals that give one answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import ballots

from nsed.protocol.answer_support import RULES, Rule, answer_support

NAN = np.nan
Matrix = NDArray[np.float64]


def test_worked_example() -> None:
    """40 and 40 for one answer buy what 80 would; 20 for the other."""
    member = np.array([[True, False], [False, True], [True, False]])

    found = answer_support(np.array([[40.0, 20.0, 40.0]]), member, "signed")

    np.testing.assert_allclose(found.votes, [[0.4**0.5, 0.2**0.5, 0.4**0.5]])
    np.testing.assert_allclose(found.answer_votes, [[0.8**0.5, 0.2**0.5]])


def test_plain_rules_take_the_mean_weight_for_an_answer() -> None:
    member = np.array([[True, False], [False, True], [True, False]])

    found = answer_support(np.array([[30.0, 35.0, 50.0]]), member, "plurality")

    np.testing.assert_allclose(found.answer_votes, [[0.4, 0.35]])
    np.testing.assert_array_equal(found.answer_net, [1, 0])
    np.testing.assert_array_equal(found.net, [0, 0, 1])


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_nobody_saw_is_not_voted_on(rule: Rule) -> None:
    member = np.array(
        [[True, False, False], [False, True, False], [False, False, True]]
    )

    found = answer_support(np.array([[30.0, 35.0, NAN]]), member, rule)

    np.testing.assert_array_equal(np.isnan(found.answer_votes), [[False, False, True]])


@given(weights=ballots(), data=st.data())
def test_a_reviewer_votes_on_an_answer_if_he_saw_one_of_its_proposals(
    weights: Matrix, data: st.DataObject
) -> None:
    width = weights.shape[1]
    answers = data.draw(st.lists(st.integers(0, 2), min_size=width, max_size=width))
    member = np.array(answers)[:, None] == np.unique(answers)

    for rule in RULES:
        found = answer_support(weights, member, rule)
        for column, proposals in enumerate(member.T):
            unseen = np.isnan(weights[:, proposals]).all(axis=1)
            np.testing.assert_array_equal(
                np.isnan(found.answer_votes[:, column]), unseen
            )


@given(weights=ballots())
def test_when_all_answers_differ_pooling_changes_nothing(weights: Matrix) -> None:
    alone = np.eye(weights.shape[1], dtype=bool)

    for rule in RULES:
        found = answer_support(weights, alone, rule)
        np.testing.assert_allclose(found.answer_votes, found.votes)
        np.testing.assert_allclose(found.answer_net, found.net)
