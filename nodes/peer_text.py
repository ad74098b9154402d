"""Framing: text of peers is data, fenced with a mark its author could not know."""

import hashlib
import re
from collections.abc import Sequence
from html import escape

__all__ = ["frame", "fresh_mark"]

# White space, and characters nobody sees, may stand between a tag's letters.
_GAP = "[\\s\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*+"
_WORDS = "|".join(_GAP.join(word) for word in ("candidate", "earlier", "note"))
_LOOKALIKE = re.compile(f"<(?={_GAP}(?:/{_GAP})?(?:{_WORDS}))", re.IGNORECASE)


def fresh_mark(*parts: str) -> str:
    """Derive the fence's mark from everything it will fence.

    Whoever writes a text cannot put the mark into it, since every change of the text
    changes the mark; and the same run gives the same prompts.
    """
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:8]


def frame(kind: str, texts: Sequence[tuple[str, str]], *, mark: str) -> str:
    """Fence texts as `<kind label="…" mark="…">` blocks.

    Args:
        kind: `candidate`, `earlier` or `note`.
        texts: Pairs of label and text.
        mark: From `fresh_mark`.
    """
    return "\n".join(
        f'<{kind} label="{escape(label)}" mark="{mark}">\n'
        f"{_LOOKALIKE.sub('&lt;', text)}\n</{kind} {mark}>"
        for label, text in texts
    )
