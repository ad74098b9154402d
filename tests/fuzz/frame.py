"""Any texts, framed: they stay in their blocks, and nothing in them is hidden."""

import unicodedata

from frames import by_looks, by_marks
from fuzz.ballot import text_of

from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import fill
from nsed.protocol.invisible import visible_text
from nsed.protocol.lookalike import FENCES, Fence
from nsed.protocol.shown_text import shown_text

__all__ = ["one_input"]

LABELS = ("A", "B", "critique of your answer")
BETWEEN = b"\n%%\n"
"""Stands between two texts of one input."""
MARK = "MARK"
"""Becomes the mark of the prompt before: what an attacker may have seen."""
GROWTH = 10
"""No text grows by more than this factor."""
BIDI = range(0x202A, 0x202F), range(0x2066, 0x206A)


def one_input(data: bytes) -> None:
    """Two bytes choose kind and length, the rest are the texts."""
    first, second = (*data[:2], 0, 0)[:2]
    kind, chars = FENCES[first % len(FENCES)], 200 + 40 * second
    texts = [text_of(part) for part in data[2:].split(BETWEEN)[: len(LABELS)]]
    for text in texts:
        _check_shown(text, chars)
    mark = "0123456789ab"
    for call in ("0.r1.review.ada", "0.r2.review.ada"):
        known = [text.replace(MARK, mark) for text in texts]
        mark = _check_framed(kind, known, call, chars, mark)


def _check_shown(text: str, chars: int) -> None:
    visible = visible_text(text)
    assert visible_text(visible) == visible
    assert len(visible) <= GROWTH * len(text)
    shown = shown_text(text, chars=chars)
    assert shown_text(shown, chars=chars) == shown
    assert len(shown) <= chars
    shown.encode()  # no half of a pair
    for character in shown:
        assert character in "\n\t" or unicodedata.category(character) not in (
            "Cc",
            "Co",
        )
        assert not any(ord(character) in row for row in BIDI)


def _check_framed(
    kind: Fence, texts: list[str], call: str, chars: int, before: str
) -> str:
    pairs = list(zip(LABELS, texts, strict=False))
    framed = frame(kind, pairs, call=call, chars=chars)
    assert frame(kind, pairs, call=call, chars=chars) == framed
    read = by_marks(framed)
    assert read.outside.strip("\n") == ""
    assert read.inside == [(at, shown_text(text, chars=chars)) for at, text in pairs]
    (mark,) = set(read.marks)
    assert mark != before
    assert framed.count(mark) == 2 * len(texts)
    assert framed.split("\n").count(f"</{kind} {mark}>") == len(texts)
    looks = by_looks(framed)
    assert looks.outside.strip() == ""
    assert len(looks.inside) == len(texts)
    prompt = fill("review", task="?", candidates=framed, form="{}")
    empty = frame(kind, [(at, "") for at, _ in pairs], call=call, chars=chars)
    plain = fill("review", task="?", candidates=empty, form="{}")
    assert _words(by_marks(prompt).outside) == _words(by_marks(plain).outside)
    assert _words(by_looks(prompt).outside) == _words(by_looks(plain).outside)
    return mark


def _words(text: str) -> list[str]:
    return text.split()
