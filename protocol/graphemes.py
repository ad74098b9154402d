"""Graphemes: where a text may be cut, and a cut that says what it took."""

import re
import unicodedata

__all__ = ["cut_middle", "is_border"]

_LEFT_OUT = "…\n[… {} characters left out …]\n"
"""Begins with what no tag goes on with: `<start`, cut to `<s` and a line end, would be
a token of a chat template."""

# Letters, numbers, punctuation, symbols and spaces, but for the few that join their
# neighbour: Hangul letters, Thai and Lao am, flags, and rare scripts as a whole.
_PLAIN = frozenset(
    "Lu Ll Lt Lo Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sm So Zs".split()  # noqa: SIM905
)
_JOINING = re.compile(
    "[\u0d4e\u0e33\u0eb3\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff\U00010000-\U0001f1ff]"
)


_BY_ITS_NEIGHBOURS = re.compile("[\u061c\u200e\u200f\u2800]")
"""What `visible_text` leaves as it is because of what stands one or two places away:
direction marks and the empty Braille cell."""


def is_border(text: str, place: int) -> bool:
    """Whether a place surely lies between two graphemes; some borders are missed.

    By Unicode's rules (UAX 29) nothing joins two plain characters, and a space
    joins no character before it but a format character or a joining letter. None are
    claimed near a character that would be hidden if its neighbours were others.
    """
    if not 0 < place < len(text):
        return True
    before, after = text[place - 1], text[place]
    if before == "\n":
        return True
    if before + after == "\r\n" or _JOINING.search(before + after):
        return False
    if _BY_ITS_NEIGHBOURS.search(text, max(0, place - 2), place + 2):
        return False
    kind = unicodedata.category(before)
    if after.isspace():
        return kind != "Cf"
    return kind in _PLAIN and unicodedata.category(after) in _PLAIN


def cut_middle(text: str, limit: int) -> str:
    """Leave out the middle of a text that is longer than `limit` characters.

    Three quarters of the room go to the beginning and one to the end, where answers
    stand. Cuts fall between graphemes, and after `…` a line between brackets says how
    much is missing. Cutting twice changes nothing.

    Args:
        text: Any text.
        limit: Most characters of the result, the line included; at least 100.
    """
    if len(text) <= limit:
        return text
    room = limit - len(_LEFT_OUT.format(len(text)))
    head = end = 3 * room // 4
    while not is_border(text, head):
        head -= 1
    tail = len(text) - room + end
    while not is_border(text, tail):
        tail += 1
    return text[:head] + _LEFT_OUT.format(tail - head) + text[tail:]
