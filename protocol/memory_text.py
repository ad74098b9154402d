"""Text under the forget gate: its size, its relevance, its twins, and how to cut it."""

import math
import re
import unicodedata
from collections import Counter

__all__ = ["is_near_duplicate", "lexical_relevance", "shorten", "token_estimate"]

_WORD = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
_UNIT = re.compile(r".+?(?:[.!?;:。！？；]+(?=\s|$)|[。！？；]|\n+|$)", re.S)
_NEGATIONS = frozenset(
    "no not never none nor without isn wasn doesn didn don cannot".split()
    + "nicht kein keine nie non pas jamais sin nunca".split()
)
DUPLICATE_OVERLAP = 0.85


def token_estimate(text: str) -> int:
    """Estimate tokens as UTF-8 bytes / 3, rounded up.

    Errs on the safe side for Latin text (about 4 bytes a token) and is about right
    for scripts of three bytes a character.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)


def lexical_relevance(text: str, about: str) -> float:
    """Cosine of word counts, in [0, 1]; 0 where either text has no words."""
    one, two = _counts(text), _counts(about)
    dot = sum(one[word] * two[word] for word in one)
    norm = math.hypot(*one.values()) * math.hypot(*two.values())
    return min(1.0, dot / norm) if norm else 0.0


def is_near_duplicate(one: str, other: str) -> bool:
    """Whether one text repeats the other.

    Words must overlap by 85 % (Jaccard), and numbers and negations must agree: a
    changed number or an added "not" is dissent, not a repeat, however similar.
    """
    left, right = _counts(one), _counts(other)
    if _facts(left) != _facts(right):
        return False
    if not left and not right:
        return one.strip() == other.strip()
    both, either = left.keys() & right.keys(), left.keys() | right.keys()
    return len(both) / len(either) >= DUPLICATE_OVERLAP


def shorten(text: str, budget_tokens: int) -> str:
    """Cut a text to a token budget at the border of a unit, never in a grapheme.

    Keeps the last unit (where answers stand) if a third of the budget holds it, and
    leading sentences with what is left. A single unit that is too long is cut
    between words, or between graphemes where there are no words. Cutting twice
    changes nothing.

    Returns:
        The text itself if it fits, else its shortened form ending the lead in `…`,
        or `""` if not even one grapheme fits.
    """
    if token_estimate(text) <= budget_tokens:
        return text
    room = 3 * budget_tokens - len("…\n".encode())  # bytes
    if room <= 0:
        return ""
    units = [unit for unit in _UNIT.findall(text) if unit.strip()]
    last = units[-1].strip() if len(units) > 1 else ""
    if last and _bytes(last) > room // 3:
        last = ""
    room -= _bytes(last)
    lead = ""
    for unit in units[: -1 if last else None]:
        if _bytes(lead + unit) > room:
            break
        lead += unit
    if not lead.strip() and units:
        lead = _cut_words(units[0].lstrip(), room)
    lead = lead.rstrip()
    if not lead:
        return last
    return f"{lead}…\n{last}" if last else f"{lead}…"


def _cut_words(unit: str, room: int) -> str:
    fitting = [p for p in _borders(unit) if _bytes(unit[:p]) <= room]
    between_words = [p for p in fitting if unit[p : p + 1].isspace()]
    return unit[: max(between_words or fitting, default=0)]


def _borders(text: str) -> list[int]:
    """Positions that certainly lie between graphemes (some borders are skipped)."""
    joins = {"\u200d", "\ufe0f", "\ufe0e"}

    def glued(before: str, after: str) -> bool:
        code = ord(after)
        return (
            after in joins
            or before == "\u200d"
            or unicodedata.category(after).startswith("M")
            or unicodedata.category(after) == "Cf"
            or unicodedata.category(before) == "Cf"
            or 0x1F3FB <= code <= 0x1F3FF  # skin tones
            or 0x1F1E6 <= code <= 0x1F1FF  # flags
            or 0xE0020 <= code <= 0xE007F  # tag sequences
            or 0x1100 <= code <= 0x11FF  # Hangul letters
            or 0xA960 <= code <= 0xA97F
            or 0xD7B0 <= code <= 0xD7FF
            or unicodedata.combining(after) > 0
            or after in "\u0e33\u0eb3"  # Thai and Lao vowels that count as extending
            or unicodedata.category(before) == "Lo"
            and unicodedata.name(before, "").find(" SIGN ") >= 0
            or before + after == "\r\n"
            or "VIRAMA" in unicodedata.name(before, "")
        )

    inner = (i for i in range(1, len(text)) if not glued(text[i - 1], text[i]))
    return [*inner, len(text)]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _counts(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _facts(words: Counter[str]) -> Counter[str]:
    """The words that change what a sentence says: numbers and negations."""
    return Counter(
        {w: n for w, n in words.items() if w in _NEGATIONS or any(map(str.isdigit, w))}
    )
