"""Hidden characters are seen, and every language stays readable."""

import re
import sys
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from strategies import world_text

from nsed.protocol.invisible import visible_text

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
HONEST = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Hindi": "\u0915\u094d\u200d\u0937 \u0930\u094d\u200c\u092f",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "Malayalam": "\u0d28\u0d4d\u200d",
    "Hebrew": "\u05e9\u05dc\u05d5\u05dd!\u200f \u05d0\u05d1\u05d2\u200e (abc)",
    "Arabic": "\u0645\u0631\u062d\u0628\u0627\u061c 42",
    "Thai": "\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22 \u0e19\u0e49\u0e33",
    "Khmer": "\u1780\u17b6\u179a\u200b\u178f\u17b6\u1798",
    "Mongolian": "\u182e\u1823\u1829\u180b\u182d\u180e\u1820",
    "Korean": "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "Japanese": "\u845b\U000e0100\u57ce\u5e02\u3000\u304b\u3099",
    "Chinese": "\u4e2d\u6587\uff0c\u300a\u6587\u300b",
    "French": "\u00ab\xa0\u00e7a\u202fva\xa0\u00bb e\u0301",
    "Greek and maths": "\u03b1 \u2264 \u03b2 \u2229\ufe00 \u211d \u2192\ufe0f",
    "Braille": "\u2813\u2800\u2811",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525 "
    "1\ufe0f\u20e3 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea \u00a9\ufe0f " + SCOTLAND,
    "code": "if x:\n\treturn [y & 0xff] # \\u202e",
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_text_of_every_language_stays_as_it_is(text: str) -> None:
    assert visible_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb\u202c", "a\\u202eb\\u202c"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u200db", "a\\u200db"),
        ("a\u200fb", "a\\u200fb"),
        ("\ufeffx", "\\ufeffx"),
        ("so\u00adft", "so\\xadft"),
        ("\U000e0041", "\\U000e0041"),
        ("\U0001f3f4\U000e0061\U000e007f", "\U0001f3f4\\U000e0061\\U000e007f"),
        ("\U0001f600\ufe00\ufe01", "\U0001f600\ufe00\\ufe01"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\u4e2d\U000e0100\U000e0101", "\u4e2d\U000e0100\\U000e0101"),
        ("\u3164", "\\u3164"),
        ("\ue000\U0010fffd", "\\ue000\\U0010fffd"),
        ("\ud800", "\\ud800"),
        ("\ufffe\U0001ffff", "\\ufffe\\U0001ffff"),
        ("\u2028\x85\x1b[2J\x00\x08", "\\u2028\\x85\\x1b[2J\\x00\\x08"),
        ("a\r\nb\rc\n\td", "a\nb\\rc\n\td"),
        ("\u2063\u2064\u206a", "\\u2063\\u2064\\u206a"),
    ],
)
def test_what_nobody_sees_is_written_out(text: str, shown: str) -> None:
    assert visible_text(text) == shown


def test_no_character_that_unicode_hides_stays_between_letters() -> None:
    """By two other sources: general categories, and default-ignorable code points."""
    ignorable = regex.compile(r"\p{Default_Ignorable_Code_Point}")
    kept = {
        hex(code)
        for code in range(sys.maxunicode + 1)
        if (unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
        or ignorable.match(chr(code))
        if visible_text(f"a{chr(code)}b") == f"a{chr(code)}b"
    }
    seen = {"0x9", "0xa"}  # tab and line feed
    signs = {  # Arabic, Syriac and Kaithi signs that are drawn around numbers
        *(hex(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x8E2)),
        *("0x890", "0x891", "0x110bd", "0x110cd"),
    }
    assert kept == seen | signs


@given(world_text() | st.text(), st.text(max_size=5))
def test_twice_is_once_and_no_text_grows_by_more_than_ten_times(
    text: str, more: str
) -> None:
    once = visible_text(text + more)

    assert visible_text(once) == once
    assert len(once) <= 10 * len(text + more)
    assert not re.search("[\ud800-\udfff]", once)
