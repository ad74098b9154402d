"""Texts of models for people: what a terminal would obey is made visible."""

import unicodedata
from functools import cache

__all__ = ["one_line", "visible"]

_KEPT = "\n\t"
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    r"""Write control characters as escapes: ESC becomes `\x1b`.

    Also changes of writing direction, which can make text read as another, and lone
    surrogates, which no terminal takes. Line ends become `\n`, tabs stay.
    """
    return "".join(map(_shown, text.replace("\r\n", "\n")))


def one_line(text: str, limit: int) -> str:
    """Fold white space and cut to `limit` characters, ending in an ellipsis."""
    folded = visible(" ".join(text.split()))
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


@cache
def _shown(character: str) -> str:
    if character in _KEPT:
        return character
    hidden = character in _DIRECTION or character in _ISOLATES
    if hidden or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode("ascii")
    return character
