"""Answer keys: when do two proposals say the same thing?

Support is pooled over proposals with equal keys. A key is only given where the task
has a canonical answer; everything else stands alone (None).
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Literal

__all__ = ["AnswerKind", "answer_key", "final_answer"]

AnswerKind = Literal["auto", "number", "choice", "text", "none"]

TEXT_KEY_CHARS = 80
"""Longer short answers are prose and stand alone."""

_MARKED = re.compile(
    r"^[\s>*_#-]*(?:the\s+)?(?:final\s+)?answer\s*(?:is)?\s*[:=]\s*(.+?)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:[,  ]\d{3})+|\d+)(?:\.\d+)?"
    r"(?:\s?/\s?\d+)?(?:e[-+]?\d+)?(?![\w]*\d)",
    re.I,
)
_CHOICE = re.compile(r"^\W*(?:option\s+|choice\s+)?([A-Ja-j])(?:\W.*)?$", re.I | re.S)


def final_answer(text: str) -> str | None:
    """Find the short answer a proposal commits to, or None.

    The last line `Answer: …` counts, else the last `\\boxed{…}`. Markdown around it
    is removed.
    """
    marked = _MARKED.findall(text)
    if marked:
        return _plain(marked[-1])
    boxed = _BOXED.findall(text)
    return _plain(boxed[-1]) if boxed else None


def answer_key(text: str, kind: AnswerKind = "auto") -> str | None:
    """Normalise a proposal's answer so that equal answers are equal strings.

    - number: the number in the final answer, exactly (`1,000.50` → `2001/2`); without
      a marked answer the last number in the text.
    - choice: one letter A to J.
    - text: case, punctuation and spacing folded, at most 80 characters.
    - auto: choice or number where the marked answer clearly is one, else text; no
      marked answer, no key.
    - none: never a key.

    Returns:
        `"number:…"`, `"choice:…"` or `"text:…"`, or None where nothing can be read.
    """
    if kind == "none":
        return None
    short = final_answer(text)
    if kind == "number":
        # A number outside the marked answer is only the answer if none is marked.
        found = _NUMBER.findall(short or text)
        return _number(found[-1]) if found else None
    if short is None:
        return None
    if kind == "choice":
        return _choice(short)
    if kind == "auto":
        numbers = _NUMBER.findall(short)
        if re.fullmatch(r"\(?[A-J]\)?[.:]?", short):
            return _choice(short)
        if len(numbers) == 1 and len(short.split()) <= 6:
            return _number(numbers[0])
    return _text(short)


def _plain(short: str) -> str:
    boxed = _BOXED.search(short)
    return (boxed.group(1) if boxed else short).strip(" \t*_`$.") or short.strip()


def _number(found: str) -> str | None:
    plain = re.sub(r"[,  ]", "", found).replace("−", "-")
    try:
        if "/" in plain:
            above, below = plain.split("/")
            return f"number:{Fraction(Decimal(above)) / Fraction(Decimal(below))}"
        value = Decimal(plain)
        # A huge exponent would take huge memory as an exact fraction.
        if value and abs(value.adjusted()) > 400:
            return f"number:{value.normalize()}"
        return f"number:{Fraction(value)}"
    except (InvalidOperation, ZeroDivisionError):
        return None


def _choice(short: str) -> str | None:
    match = _CHOICE.match(short)
    return f"choice:{match.group(1).upper()}" if match else None


def _text(short: str) -> str | None:
    folded = unicodedata.normalize("NFKC", short).casefold()
    words = re.sub(r"[^\w+\-*/=<>^%.]+", " ", folded).strip(" .")
    return f"text:{words}" if words and len(words) <= TEXT_KEY_CHARS else None
