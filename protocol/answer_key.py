r"""Answer keys: when do two proposals say the same thing.

Support is pooled over proposals with equal keys. A key is only given where the task
has a canonical answer; everything else stands alone (None): two keys too many only
split a vote, one too few counts a wrong answer as a right one [ours].
"""

import re
from typing import Literal

from nsed.protocol.number_key import fold, number_key, quantity_key

__all__ = ["AnswerKind", "answer_key", "final_answer"]

AnswerKind = Literal["auto", "number", "choice", "text", "none"]

TEXT_KEY_CHARS = 80
"""Longer short answers are prose and stand alone."""

_MARKUP = " \t>*_#`-\u2022"
_MARK = re.compile(
    r"(?:the\s+)?(?:final\s+)?answer(?:\s+is)?[\s*_]*(?:[:=\uff1a](.*)|$)",
    re.IGNORECASE,
)
_FENCES = ("```", "~~~")
_LATEX = (
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s?\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\[dt]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\^\{([^{}]*)\}"), r"^\1"),
    (re.compile(r"\\[()\[\]!,;]|\{,\}"), ""),
    (re.compile(r"\\([%$])"), r"\1"),
)
_LETTER_ALONE = re.compile(r"[(\[]?([A-J])(?:[.:]?|[)\]][.:]?(?:\s.*)?)")
_LETTER_FIRST = re.compile(
    r"(?:option\s|choice\s)?\s?[(\[]?([A-J])(?![\w'])(.*)", re.IGNORECASE
)
_LETTER_LIST = re.compile(r"[)\].\s]*(?:[,;/&+]|and\b|or\b)\s*[(\[]?[A-J]\b")


def final_answer(text: str) -> str | None:
    r"""Find the short answer a proposal commits to, or None.

    The last line `Answer: …` counts (or `Answer` with a paragraph of one line below),
    else the last `\boxed{…}`. Markdown and LaTeX around it are removed.
    """
    lines = text.splitlines()
    for i in reversed(range(len(lines))):
        if (marked := _marked(lines[i])) is not None:
            short = _plain(marked) or _plain(_line_alone(lines, i + 1))
            if short:
                return short
    return _plain(_boxed(text)) or None


def answer_key(text: str, kind: AnswerKind = "auto") -> str | None:
    """Normalise a proposal's answer so that equal answers are equal strings.

    - number: the number in the final answer, exactly (`1,000.50` → `2001/2`), behind
      the last `=` and outside brackets if it holds several; without a marked answer
      the last number in the text.
    - choice: one letter A to J.
    - text: case, spacing and outer punctuation folded, at most 80 characters.
    - auto: choice or number where the marked answer clearly is one, else text; no
      marked answer, no key.
    - none: never a key.

    Returns:
        `"number:…"`, `"choice:…"` or `"text:…"`, or None where nothing can be read.
    """
    if kind == "none":
        return None
    short = final_answer(text)
    if short is None:
        return number_key(fold(text), last=True) if kind == "number" else None
    short = fold(short)
    if kind == "number":
        return _marked_number(short)
    if kind == "choice":
        return _choice(short)
    return (_clear(short) if kind == "auto" else None) or _text(short)


def _marked(line: str) -> str | None:
    """Return what follows `Answer:` in a line; None where it does not start so."""
    mark = _MARK.match(line.lstrip(_MARKUP))
    return mark and (mark[1] or "")


def _line_alone(lines: list[str], at: int) -> str:
    """Line of the next paragraph, if it is a paragraph of one line."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    line, *after = [line.strip() for line in lines[at : at + 2]] or [""]
    alone = not any(after) and not line.startswith(_FENCES) and _marked(line) is None
    return line if alone else ""


def _boxed(text: str) -> str:
    r"""Inside of the last `\boxed{…}`, if it is there and closed."""
    rest = text.rpartition(r"\boxed")[2].lstrip()
    if r"\boxed" not in text or not rest.startswith("{"):
        return ""
    depth = 0
    for brace in re.finditer(r"[{}]", rest):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return rest[1 : brace.start()]
    return ""


def _plain(short: str) -> str:
    short = _boxed(short) or short
    for pattern, plain in _LATEX:
        short = pattern.sub(plain, short)
    short = short.strip(" \t*_`").rstrip(".").strip(" \t*_`")
    if short.startswith("$") and short.endswith("$"):  # a formula, not a currency
        short = short.strip("$ ").rstrip(".")
    return short


def _clear(short: str) -> str | None:
    letter = _LETTER_ALONE.fullmatch(short)
    return f"choice:{letter[1]}" if letter else quantity_key(short)


def _marked_number(short: str) -> str | None:
    if key := quantity_key(short):
        return key
    result = short.rpartition("=")[2]
    outside = re.sub(r"\([^()]*\)", " ", result)
    return number_key(outside if outside.strip() else result, last=False)


def _choice(short: str) -> str | None:
    match = _LETTER_FIRST.match(short)
    if not match:
        return None
    letter, rest = match[1], match[2].lstrip()
    # "A" and "I" are also words, and small letters may be anything.
    named = not rest or rest[0] in ")].:,;-\u2013\u2014" or letter in "BCDEFGHJ"
    if not named or _LETTER_LIST.match(rest):
        return None
    return f"choice:{letter.upper()}"


def _text(short: str) -> str | None:
    if len(short) > 4 * TEXT_KEY_CHARS:
        return None
    words = " ".join(short.casefold().split()).strip("\"'.\u201c\u201d\u201e ")
    # Spaces around symbols say nothing: x=2, x = 2.
    tight = re.sub(r" ?([^\w\s]) ?", r"\1", words)
    return f"text:{tight}" if 0 < len(tight) <= TEXT_KEY_CHARS else None
