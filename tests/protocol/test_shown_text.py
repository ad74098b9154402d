"""Shown text: also what was cut is visible and disarmed, wherever the cut fell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.shown_text import shown_text

PIECES = st.text(
    st.sampled_from(
        "<\u2039[]/|>s \n!a\u05d0\u200e\u200f\u2800\u2801\u0301\ud800\U0001d42c"
    ),
    min_size=1,
    max_size=8,
) | st.sampled_from(
    ["<start>", "<system_x>", "<tool_a", "\u200e!\u05d0", "\u05d0!\u200f"]
)


@pytest.mark.parametrize(
    "unit",
    [
        "<start",  # `<s`, a line end: a token of a template
        "<unk<",
        "x\u200e!\u05d0",  # a direction mark that stays because of what follows
        "\u05d0!\u200fx",  # or of what stands before
        "\u2801\u2800x",  # an empty Braille cell behind another one
        "x\u2800\u2801",
    ],
)
def test_no_cut_arms_or_hides_anything(unit: str) -> None:
    for shift in range(len(unit) + 1):
        text = "x" * shift + unit * 100
        for chars in range(200, 200 + 4 * len(unit)):
            shown = shown_text(text, chars=chars)

            assert len(shown) <= chars
            assert shown_text(shown, chars=chars) == shown


@given(st.lists(PIECES, max_size=30), st.integers(2, 9), st.integers(200, 300))
def test_twice_changes_nothing(pieces: list[str], times: int, chars: int) -> None:
    shown = shown_text("".join(pieces) * times, chars=chars)

    assert len(shown) <= chars
    assert shown_text(shown, chars=chars) == shown
