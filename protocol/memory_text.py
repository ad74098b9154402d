"""Text under the forget gate: its size, its relevance, its twins, and how to cut it."""

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from nsed.protocol.graphemes import is_border

__all__ = ["is_near_duplicate", "lexical_relevance", "shorten", "token_estimate"]

DUPLICATE_OVERLAP = 0.85
BYTES_PER_TOKEN = 3
_NEGATIONS = frozenset(
    """
    no not never none nor neither nobody nothing without cannot cant dont isnt wont
    nicht kein keine keinen nie ohne non ne pas jamais sans sin nunca
    \u043d\u0435 \u043d\u0435\u0442 \u043d\u0438 \u0644\u0627 \u0644\u064a\u0633
    \u0928\u0939\u0940\u0902
    """.split()  # noqa: SIM905 - more readable than forty quoted words
)
# Chinese and Japanese write no spaces, so there one sign makes a clause a denial.
_NEGATION_SIGNS = frozenset("\u4e0d\u6ca1\u6c92\u65e0\u7121\u672a\u975e\u5426\u522b")
# A border of a unit: behind a full stop and before a space, behind one that needs
# no space, or before a new line.
_UNIT_END = re.compile(r"(?<=[.!?])(?=\s)|(?<=[\u3002\uff01\uff1f])|(?<=\S)(?=\r?\n)")


def token_estimate(text: str) -> int:
    """Estimate tokens as UTF-8 bytes / 3, rounded up [ours].

    Errs on the safe side for Latin text (about 4 bytes a token) and is about right
    for scripts of three bytes a character.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def lexical_relevance(text: str, about: str) -> float:
    """Cosine of word counts, in [0, 1]; 0 where either text has no words [ours]."""
    one, two = (Counter(re.findall(r"\w+", t.casefold())) for t in (text, about))
    dot = sum(n * two[word] for word, n in one.items())
    norm = math.hypot(*one.values()) * math.hypot(*two.values())
    return min(1.0, dot / norm) if norm else 0.0


def is_near_duplicate(one: str, other: str) -> bool:
    """Whether one text repeats the other [ours].

    Words must overlap by 85 % (Jaccard), and the facts must agree in order: a
    changed number, sign or comparison, or a "not" added or moved, is dissent and no
    repeat, however similar the rest.
    """
    (left, left_facts), (right, right_facts) = _content(one), _content(other)
    if not left and not right:
        return one.strip() == other.strip()
    alike = len(left & right) >= DUPLICATE_OVERLAP * len(left | right)
    return alike and left_facts == right_facts


def shorten(text: str, budget_tokens: int) -> str:
    """Cut a text to a token budget at the border of a unit, never in a grapheme.

    Keeps the last unit (where answers stand) if a third of the budget holds it, and
    the lead with what is left, up to the end of a unit; where that would waste half
    of the room, up to the end of a word; where words are longer, anywhere between
    graphemes. Cutting twice changes nothing [ours].

    Returns:
        The text itself if it fits, else its shortened form ending the lead in `…`,
        or `""` if not even one grapheme surely fits.
    """
    if token_estimate(text) <= budget_tokens:
        return text
    room = BYTES_PER_TOKEN * budget_tokens - len("…\n".encode())
    ends = [m.start() for m in _UNIT_END.finditer(text) if is_border(text, m.start())]
    last = _last_unit(text, ends)
    if _bytes(last) > room // 3:
        last = ""
    lead = _lead(text, ends, room - _bytes(last))
    return f"{lead}…\n{last}" if lead and last else f"{lead}…" if lead else last


def _last_unit(text: str, ends: list[int]) -> str:
    start = next((p for p in reversed(ends) if text[p:].strip()), len(text))
    trimmed = len(text) - len(text[start:].lstrip())
    return text[trimmed if is_border(text, trimmed) else start :]


def _lead(text: str, ends: list[int], room: int) -> str:
    """Longest sensible beginning of at most `room` bytes; the text is longer."""
    raw = text.encode("utf-8", "surrogatepass")[: max(0, room)]
    most = len(raw.decode("utf-8", "ignore"))
    unit = max((p for p in ends if p <= most), default=0)
    cuts = [p for p in range(most, 0, -1) if is_border(text, p)]
    word = next((p for p in cuts if text[p].isspace()), 0)
    wide = [p for p in (unit, word) if 2 * p >= most]
    lead = text[: next(iter(wide + cuts), 0)]
    return lead if lead.strip() else ""


@lru_cache(maxsize=512)  # every item is compared with many others
def _content(text: str) -> tuple[frozenset[str], list[tuple[str, str]]]:
    """Return the words, and the facts in order, each with the word it is said of."""
    chunks = text.casefold().replace("\u2019", "'").split()
    words = [word for word in map(_bare, chunks) if word]
    facts = [pair for pair in pairwise([*words, ""]) if _is_fact(pair[0])]
    return frozenset(words), facts


def _bare(chunk: str) -> str:
    """Strip the punctuation around a word, but no sign, % or factorial."""
    word = chunk.lstrip("([{\"'*_`\u201c").rstrip(")]}\"'*_`\u201d.,;:?")
    return word if any(map(str.isnumeric, word)) else word.rstrip("!")


def _is_fact(word: str) -> bool:
    return (
        word in _NEGATIONS
        or word.endswith("n't")
        or word.startswith(("-", "non-"))
        or any(
            c == "%"
            or c in _NEGATION_SIGNS
            or c.isnumeric()
            or unicodedata.category(c) == "Sm"
            for c in word
        )
    )


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
