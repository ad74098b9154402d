"""Reducers: order and grouping never matter, a repeat never counts twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.state.reducers import merge_by_key

MAPS = st.dictionaries(st.sampled_from("abcdef"), st.just(0)).map(
    lambda keys: {key: ord(key) for key in keys}  # common keys agree
)


@given(one=MAPS, two=MAPS, three=MAPS)
def test_merging_is_associative_commutative_and_idempotent(
    one: dict[str, int], two: dict[str, int], three: dict[str, int]
) -> None:
    assert merge_by_key(merge_by_key(one, two), three) == merge_by_key(
        one, merge_by_key(two, three)
    )
    assert merge_by_key(one, two) == merge_by_key(two, one)
    assert merge_by_key(one, one) == one
    assert merge_by_key(one, {}) == one


def test_two_branches_that_disagree_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"different values for.*'a'"):
        merge_by_key({"a": 1}, {"a": 2})
