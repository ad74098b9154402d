"""Borders between graphemes, and a cut of the middle that says what it took."""

import re
import sys
import unicodedata

import regex
from hypothesis import given
from hypothesis import strategies as st
from strategies import world_text

from nsed.protocol import graphemes
from nsed.protocol.graphemes import cut_middle, is_border


def borders(text: str) -> set[int]:
    """Every border between graphemes, by an independent implementation."""
    return {0} | {found.end() for found in regex.finditer(r"\X", text)}


EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))


def test_no_plain_character_joins_its_neighbour() -> None:
    """For every character of Unicode, by the property that decides it (UAX 29)."""
    joining = regex.findall(r"[^\p{GCB=Other}\p{GCB=LV}\p{GCB=LVT}]", EVERYTHING)
    plain = [c for c in joining if unicodedata.category(c) in graphemes._PLAIN]

    assert len(joining) > 5000
    assert [hex(ord(c)) for c in plain if not graphemes._JOINING.match(c)] == []


def test_no_character_but_the_known_ones_joins_a_space() -> None:
    joining = regex.findall(r"\p{GCB=Prepend}", EVERYTHING)
    letters = [c for c in joining if unicodedata.category(c) != "Cf"]

    assert letters
    assert [hex(ord(c)) for c in letters if not graphemes._JOINING.match(c)] == []


@given(text=world_text())
def test_every_claimed_border_is_one(text: str) -> None:
    claimed = {p for p in range(len(text) + 1) if is_border(text, p)}

    assert claimed <= borders(text) | {0, len(text)}


# --- the cut --------------------------------------------------------------------

NOTE = re.compile(r"\u2026\n\[\u2026 (\d+) characters left out \u2026\]\n")


def test_the_beginning_and_the_end_stay() -> None:
    """Of 200 characters, 34 for the note leave 166: 124 and 42."""
    assert cut_middle("a" * 5000 + "b" * 5000, 200) == (
        "a" * 124 + "\u2026\n[\u2026 9834 characters left out \u2026]\n" + "b" * 42
    )


def test_what_fits_stays_as_it_is() -> None:
    assert cut_middle("a" * 200, 200) == "a" * 200


@given(st.lists(world_text(), max_size=20).map("".join), st.integers(100, 300))
def test_the_limit_holds_and_no_grapheme_is_cut(text: str, limit: int) -> None:
    cut = cut_middle(text, limit)

    assert len(cut) <= limit
    assert cut_middle(cut, limit) == cut
    if len(text) > limit:
        (note,) = list(NOTE.finditer(cut))[:1]
        head, tail = cut[: note.start()], cut[note.end() :]
        assert text.startswith(head)
        assert text.endswith(tail)
        assert int(note[1]) == len(text) - len(head) - len(tail)
        assert {len(head), len(text) - len(tail)} <= borders(text)


def test_a_grapheme_that_is_longer_than_the_limit_is_left_out_whole() -> None:
    zalgo = "a" + "\u0301" * 5000

    assert (
        cut_middle(zalgo, 200) == "\u2026\n[\u2026 5001 characters left out \u2026]\n"
    )
