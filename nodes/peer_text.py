"""Framing: text of others is data, fenced with a mark its author could not know.

The one way of foreign text into a prompt (docs/decisions/0017).
"""

import hashlib
import json
import re
from collections.abc import Sequence
from itertools import count

from nsed.protocol.lookalike import Fence
from nsed.protocol.shown_text import shown_text

__all__ = ["Framed", "frame"]

_LABEL = re.compile("[A-Za-z]+(?: [a-z]+)*")
_MARK_DIGITS = 12


class Framed(str):
    """Text that `frame` fenced: what a prompt's foreign places take, and no other."""

    __slots__ = ()


def frame(
    kind: Fence, texts: Sequence[tuple[str, str]], *, call: str, chars: int
) -> Framed:
    """Fence texts as `<kind label="…" mark="…">` blocks.

    The mark is derived from the call and from everything in the blocks: whoever
    writes a text cannot put the mark into it, since every change of the text changes
    the mark, two calls share none, and the same run gives the same prompts.

    Args:
        kind: What the texts are.
        texts: Pairs of label and text. Labels are words of ours.
        call: Names the call: seed, round, phase and expert.
        chars: Most characters of one text; its middle is left out if it has more.

    Raises:
        ValueError: A label is not made of plain words.
    """
    for label, _ in texts:
        if not _LABEL.fullmatch(label):
            msg = f"a label is words of ours and nobody else's, found {label!r}"
            raise ValueError(msg)
    shown = [(label, shown_text(text, chars=chars)) for label, text in texts]
    mark = _mark(kind, call, shown)
    return Framed(
        "\n".join(
            f'<{kind} label="{label}" mark="{mark}">\n{text}\n</{kind} {mark}>'
            for label, text in shown
        )
    )


def _mark(kind: str, call: str, shown: Sequence[tuple[str, str]]) -> str:
    """The first mark of the call's own row that stands in none of the texts."""
    fenced = json.dumps([kind, call, shown]).encode()
    for turn in count():
        digest = hashlib.sha256(fenced + str(turn).encode()).hexdigest()
        if all(digest[:_MARK_DIGITS] not in text for _, text in shown):
            return digest[:_MARK_DIGITS]
    raise AssertionError  # count() does not end
