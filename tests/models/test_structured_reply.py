"""From a raw reply to a checked object: reasoning, repair, validation, bounds."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from nsed.models.structured_reply import read_object, strip_reasoning
from nsed.protocol.errors import ExpertError

TAGS = ["<think>", "</think>", "<THINK x='1'>", "</Think >", "<reasoning>", "word", " "]


class Form(BaseModel):
    size: int


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>a</think>b", "b"),
        ("a<think>b</think>c<think>d</think>e", "ace"),
        ("<THINK>a</Think >b", "b"),
        ('<think budget="9">a</think>b', "b"),
        ("<thinking>a</thinking>b", "b"),
        ("a</think>b", "b"),  # the start tag stood in the prompt
        ("a</think>b</think>c", "c"),
        ("<think>a</think>b</think>c", "c"),
        ("a<think>b</think>c</think>d", "d"),
        ("a<think>b", "a"),  # cut off while thinking
        ("<think>only", ""),
        ("<think>a<think>b</think>c</think>d", "d"),
        ("x<think>a<think>b</think>c</think>d", "xd"),
        ("<think>is <think> a tag?</think>yes", "yes"),  # merely mentioned
        ("I think <b>so</b>", "I think <b>so</b>"),
        ("<thinker>a</thinker>", "<thinker>a</thinker>"),
        ("  a \n", "a"),
    ],
)
def test_reasoning_is_removed(text: str, left: str) -> None:
    assert strip_reasoning(text) == left


@given(st.lists(st.sampled_from(TAGS), max_size=14).map("".join))
def test_no_tag_is_left_and_stripping_twice_changes_nothing(text: str) -> None:
    once = strip_reasoning(text)

    assert "think" not in once.lower()
    assert strip_reasoning(once) == once


@given(st.text(alphabet="ab <>/", max_size=40), st.text(alphabet="ab", max_size=9))
def test_what_is_in_a_closed_block_never_shows(secret: str, answer: str) -> None:
    assert strip_reasoning(f"<think>{secret}</think>{answer}") == answer


@pytest.mark.parametrize("unit", ["<think>", "<think ", "</think", "<think></think>"])
def test_stripping_a_hostile_reply_takes_linear_time(unit: str) -> None:
    began = time.monotonic()

    strip_reasoning(unit * 100_000)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ('{"size": 3}', False),
        ('<think>{"size": 9}</think>{"size": 3}', False),
        ('[{"size": 3}]', False),
        ('```json\n{"size": 3}\n```', True),
        ("{'size': 3,}", True),
        ("It's my view, don't mind: {\"size\": 3} - is that {ok}?", True),
        ('{"size": 3', True),
        ("{size: 3} // done", True),
        ('First I thought {"size": 1, "x": 2}, in the end: {"size": 3}', True),
        ('{"size": "3"}', False),
    ],
)
def test_an_object_is_found(text: str, *, repaired: bool) -> None:
    assert read_object(text, Form) == (Form(size=3), repaired)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", "empty", "empty"),
        ("<think>no end", "empty", "empty"),
        ("I would rather not.", "malformed", "expected one JSON object, found str"),
        ("[1, 2]", "malformed", "expected one JSON object, found list"),
        ("{}", "malformed", "an empty one"),
        ('"text"', "malformed", "found str"),
        ('{"size": "big"}', "malformed", "size: Input should be a valid integer"),
        ('{"other": 1}', "malformed", "size: Field required"),
        ('{"```json1```', "malformed", "not JSON"),  # json-repair's own assert fails
        ("x" * 200_001, "malformed", "200001 characters"),
        ('{"size": ' + "9" * 50_000, "malformed", "too long to repair"),
    ],
)
def test_what_cannot_be_used_says_what_was_found(
    text: str, kind: str, words: str
) -> None:
    with pytest.raises(ExpertError, match=words) as caught:
        read_object(text, Form)

    assert caught.value.kind == kind


def test_half_a_surrogate_pair_is_replaced_wherever_it_stands() -> None:
    class Texts(BaseModel):
        texts: dict[str, list[str]]

    said = r'{"texts": {"\udfff": ["\ud83d\ude00", "\ud800", "\\ud800"]}}'

    read, repaired = read_object(said, Texts)

    assert read.texts == {"?": ["\U0001f600", "?", r"\ud800"]}
    assert not repaired


@pytest.mark.parametrize("count", [1_499, 20_000])
@pytest.mark.parametrize("unit", ["[", '{"a":', "(", '"', "{", "a{", ",", "/*"])
def test_deep_nesting_is_malformed_and_quick(unit: str, count: int) -> None:
    began = time.monotonic()

    with pytest.raises(ExpertError) as caught:
        read_object(unit * count, Form)

    assert caught.value.kind in ("malformed", "empty")
    assert time.monotonic() - began < 3


@given(st.text(max_size=120))
def test_any_text_is_an_object_or_an_expert_error(text: str) -> None:
    with suppress(ExpertError):
        assert isinstance(read_object(text, Form)[0], Form)
