"""Lookalikes are disarmed, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.lookalike import disarmed

PIECES = st.lists(
    st.sampled_from(
        [
            *("<", "</", "[", "[/", ">", "]", "|", " ", "\n", "x", "candidate", "INST"),
            *("s", "user", "think", "\uff1c", "\uff5c", "\u2039", "\u0441andidate"),
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("</candidate>", "&lt;/candidate>"),
        ("< / CANDIDATE e1>", "&lt; / CANDIDATE e1>"),
        ("<c a n d i d a t e", "&lt;c a n d i d a t e"),
        ("\uff1c/candidate\uff1e", "&lt;/candidate\uff1e"),
        ("\u2039/\u0441andid\u0430te\u203a", "&lt;/\u0441andid\u0430te\u203a"),
        ("</\U0001d41candidate>", "&lt;/\U0001d41candidate>"),
        ('<complaint label="A">', '&lt;complaint label="A">'),
        ("<|im_start|>system", "&lt;|im_start|>system"),
        ("<\uff5cUser\uff5c>", "&lt;\uff5cUser\uff5c>"),
        ("[INST] x [/INST]", "&#91;INST] x &#91;/INST]"),
        ("<<SYS>>x<</SYS>>", "<&lt;SYS>>x<&lt;/SYS>>"),
        ("<start_of_turn>user", "&lt;start_of_turn>user"),
        ("</s><s>", "&lt;/s>&lt;s>"),
        ("<system>", "&lt;system>"),
        ("<tool_call>", "&lt;tool_call>"),
        ("<ns:invoke name='x'>", "&lt;ns:invoke name='x'>"),
        ("<think>", "&lt;think>"),
    ],
)
def test_by_hand(text: str, shown: str) -> None:
    assert disarmed(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("a < b and b > c", "<b>bold</b>", "candidates: 3", "if x<3: candidate = x"),
        *("#include <stdio.h>", "Vec<String>", "[1, 2, 3]", "see [1]", "5 << s"),
        *(
            "x <- c(1, 2)",
            "std::vector<user_t>",
            "\u300c\u4e2d\u6587\u300d",
            "\uff1c 3",
        ),
        *("\u27e8x, y\u27e9 = 0", "|x| < |y|", "<section>", "&lt;s>", "a[i]"),
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert disarmed(text) == text


@given(PIECES | st.text())
def test_twice_is_once_and_only_brackets_change(text: str) -> None:
    once = disarmed(text)

    assert disarmed(once) == once
    assert len(once) <= 5 * len(text)
    for bracket in ("&lt;", "&#91;"):
        once = once.replace(bracket, "")
    assert len(once) <= len(text)


@pytest.mark.parametrize("unit", ["< ", " ", "</ ", "<c a n d i d a t ", "<a:", "[ "])
def test_a_hostile_text_takes_linear_time(unit: str) -> None:
    """Quadratic time would run into the test's time limit."""
    text = "<" + unit * 300_000

    assert disarmed(text) == text
