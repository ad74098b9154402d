"""Reducers: order and grouping never matter, a repeat never counts twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage
from pydantic import ValidationError

from nsed.state.records import Pause
from nsed.state.reducers import join_messages, merge_by_key, merge_records

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


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage("Hi"),
        ("user", "Hi"),
        {"role": "user", "content": "Hi"},
        {"type": "human", "content": "Hi"},
        "Hi",
    ],
    ids=["object", "pair", "role", "type", "text"],
)
def test_a_chat_takes_messages_in_any_spelling_and_names_them(message: object) -> None:
    for right in ([message], message):
        (joined,) = join_messages([], right)
        assert isinstance(joined, HumanMessage)
        assert joined.text == "Hi"
        assert joined.id


def test_a_message_whose_id_is_known_takes_its_place_and_a_repeat_counts_once() -> None:
    chat = join_messages([], [HumanMessage("Hi", id="1"), AIMessage("Hello", id="2")])

    assert join_messages(chat, chat) == chat
    assert [m.text for m in join_messages(chat, [HumanMessage("Hey", id="1")])] == [
        "Hey",
        "Hello",
    ]
    assert join_messages(chat, [RemoveMessage(id="2")]) == chat[:1]
    assert chat[0].text == "Hi"


def test_what_is_no_message_is_an_error() -> None:
    with pytest.raises(ValueError, match="wizard"):
        join_messages([], [("wizard", "Hi")])


def test_a_record_written_as_plain_data_is_read_and_a_wrong_one_refused() -> None:
    merge, pause = merge_records(Pause), Pause(round=1, seconds=2)

    assert merge({"a": pause}, {"a": pause.model_dump(), "b": pause}) == {  # type: ignore[dict-item]
        "a": pause,
        "b": pause,
    }
    with pytest.raises(ValidationError, match="seconds"):
        merge({}, {"a": {"round": 1}})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="different values"):
        merge({"a": pause}, {"a": Pause(round=2, seconds=2)})
