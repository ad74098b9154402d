"""Sizes, twins, and cuts that never fall into a grapheme."""

import time

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import texts, world_text

from nsed.protocol.memory_text import (
    is_near_duplicate,
    lexical_relevance,
    shorten,
    token_estimate,
)


def borders(text: str) -> set[int]:
    """Every border between graphemes, by an independent implementation."""
    return {0} | {found.end() for found in regex.finditer(r"\X", text)}


# --- size and relevance -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 2), ("\u4e2d", 1), ("\ud800", 1)]
)
def test_a_token_is_three_bytes_rounded_up(text: str, tokens: int) -> None:
    assert token_estimate(text) == tokens


def test_relevance_by_hand() -> None:
    """Counts (2, 1) and (1, 1) over two words: 3 / (√5·√2)."""
    assert lexical_relevance("Go go stop", "STOP, go!") == pytest.approx(3 / 10**0.5)
    assert lexical_relevance("one", "two") == 0
    assert lexical_relevance("", "two") == lexical_relevance("...", "two") == 0


@given(one=texts(), other=texts())
def test_relevance_is_symmetric_and_between_zero_and_one(one: str, other: str) -> None:
    found = lexical_relevance(one, other)

    assert 0 <= found <= 1
    assert found == pytest.approx(lexical_relevance(other, one))
    assert lexical_relevance(one, one) == pytest.approx(1)


# --- near-duplicates ------------------------------------------------------------

LONG = "we add seven and nine, carry the one, and so the sum of both is"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The sum is 12.", "the  sum is 12"),
        ("**The sum** (really) is 12!", "the sum really is 12!"),
        (LONG, f"and {LONG}"),
        ("", "  "),
        ("?", "? "),
        ("it isn\u2019t so", "it isn't so"),
    ],
)
def test_repeats_are_seen_through_case_space_and_punctuation(
    one: str, other: str
) -> None:
    assert is_near_duplicate(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{LONG} 12", f"{LONG} 13"),
        (f"{LONG} 12", f"{LONG} -12"),
        (f"{LONG} 12", f"{LONG} \u221212"),
        (f"{LONG} 12", f"{LONG} 1.2"),
        (f"{LONG} .5", f"{LONG} 5"),
        (f"{LONG} 12", f"{LONG} 12%"),
        (f"{LONG} 5!", f"{LONG} 5"),
        (f"{LONG} \xbd", f"{LONG} \xbc"),
        (f"{LONG} \u0664", f"{LONG} \u0665"),
        (f"{LONG} from 3 to 5", f"{LONG} from 5 to 3"),
        (f"{LONG} x < y", f"{LONG} x > y"),
        (f"{LONG} x \u2264 y", f"{LONG} x \u2265 y"),
        (f"{LONG} x", f"{LONG} -x"),
        (f"{LONG} so", f"{LONG} not so"),
        (f"{LONG} so", f"{LONG} never! so"),
        (f"{LONG} right and not wrong", f"{LONG} not right and wrong"),
        (f"{LONG} this is", f"{LONG} this isn't"),
        (f"it can be {LONG}", f"it can't be {LONG}"),
        (f"it can be {LONG}", f"it can\u2019t be {LONG}"),
        (f"{LONG} zero", f"{LONG} non-zero"),
        (f"{LONG} richtig", f"{LONG} nicht richtig"),
        (f"{LONG} \u5b83\u662f\u5bf9", f"{LONG} \u5b83\u4e0d\u662f\u5bf9"),
        ("?", "!!"),
        ("one two three four", "five six seven eight"),
    ],
)  # fmt: skip
def test_a_changed_number_or_negation_is_never_a_duplicate(
    one: str, other: str
) -> None:
    assert not is_near_duplicate(one, other)
    assert not is_near_duplicate(other, one)
    assert is_near_duplicate(one, one)


@given(text=texts(), number=st.integers(0, 99), step=st.integers(1, 99))
def test_another_number_anywhere_is_dissent(text: str, number: int, step: int) -> None:
    assert not is_near_duplicate(f"{number} {text}", f"{number + step} {text}")
    assert not is_near_duplicate(f"{text} {number}", f"{text} {number + step}")


@given(one=texts(), other=texts())
def test_being_a_duplicate_is_mutual_and_includes_oneself(one: str, other: str) -> None:
    assert is_near_duplicate(one, one)
    assert is_near_duplicate(one, other) == is_near_duplicate(other, one)


def test_an_overlap_of_85_percent_is_needed() -> None:
    words = [f"w{chr(97 + i)}" for i in range(20)]

    assert is_near_duplicate(" ".join(words), " ".join(words[:17]))
    assert not is_near_duplicate(" ".join(words), " ".join(words[:16]))


# --- cutting ------------------------------------------------------------------


def test_worked_example() -> None:
    """18 tokens are 54 bytes: 4 for `…` and the line break, 10 for the end, 40 left."""
    text = "First we add. Then we carry the one. Then we check it. Answer: 12"

    assert shorten(text, 18) == "First we add. Then we carry the one.…\nAnswer: 12"
    assert shorten(text, 22) == text
    assert token_estimate(text) == 22


@pytest.mark.parametrize(
    ("text", "tokens", "short"),
    [
        # The last unit is too long to keep, so the lead takes all of the room.
        ("One two. " + "a" * 30 + " b", 8, "One two. aaaaaaaaaaa…"),
        # Units first, then words, then letters.
        ("Yes: " + "seven " * 20, 10, "Yes: seven seven seven…"),
        ("a" * 40, 8, "a" * 20 + "…"),
        ("\u4e2d" * 40, 8, "\u4e2d" * 6 + "…"),
        ("\u4e2d\u3002" * 20, 8, "\u4e2d\u3002\u4e2d\u3002…\n\u4e2d\u3002"),
        ("one\ntwo two two two two\nend", 8, "one\ntwo two two…\nend"),
        ("one two\r\n" + "x" * 40, 5, "one two…"),
        # Only the end fits.
        ("\U0001d400" * 9 + ". b", 4, "b"),
        ("\U0001d400" * 9, 4, ""),
        ("abcdef", 1, ""),
        ("abcdef", 0, ""),
        ("abc", 1, "abc"),
    ],
)
def test_where_the_cut_falls(text: str, tokens: int, short: str) -> None:
    assert shorten(text, tokens) == short


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@given(text=world_text(), tokens=st.integers(0, 40))
@example(text=f"a{FAMILY}" * 5, tokens=9)
@example(text="\u3002\u0301" * 20, tokens=9)
@example(text="one. \u0301 two", tokens=4)
@example(text="\U0001f1e9\U0001f1ea" * 9, tokens=8)
@example(text="\u0915\u094d\u0937\u093f " * 9, tokens=8)
@example(text="\u0600 1" * 20, tokens=5)
def test_a_cut_never_falls_into_a_grapheme(text: str, tokens: int) -> None:
    short = shorten(text, tokens)
    if short == text:
        return
    lead, dots, end = short.rpartition("…\n")
    if not dots:
        lead, end = (short[:-1], "") if short.endswith("…") else ("", short)

    assert text.startswith(lead)
    assert text.endswith(end)
    assert {len(lead), len(text) - len(end)} <= borders(text)


@given(text=world_text() | texts(), tokens=st.integers(0, 60))
def test_the_budget_is_never_exceeded_and_cutting_twice_changes_nothing(
    text: str, tokens: int
) -> None:
    short = shorten(text, tokens)

    assert token_estimate(short) <= tokens
    assert shorten(short, tokens) == short
    assert (short == text) == (token_estimate(text) <= tokens) or not short


@given(text=texts(), tokens=st.integers(6, 60))
def test_prose_always_leaves_something(text: str, tokens: int) -> None:
    assert shorten(text, tokens).strip("…\n ")


@pytest.mark.parametrize(
    "text", ["." * 10**5, ". " * 10**5, "a" * 10**5, "\n" * 10**5, "\u3002" * 10**5],
    ids=lambda text: repr(text[:2]),
)  # fmt: skip
def test_hostile_text_costs_linear_time(text: str) -> None:
    started = time.process_time()
    shorten(text, 10**4)
    is_near_duplicate(text, text)

    assert time.process_time() - started < 5
