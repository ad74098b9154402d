"""Two readers of framed prompts: one goes by the marks, one by the looks of a tag."""

import re
import unicodedata
from dataclasses import dataclass, field

from nsed.protocol.lookalike import FENCES

__all__ = ["Read", "by_looks", "by_marks", "folded"]

_BLOCK = re.compile(
    r'<(?P<kind>[a-z]+) label="(?P<label>[^"<>]*)" mark="(?P<mark>[0-9a-f]+)">\n'
    r"(?P<text>.*?)\n</(?P=kind) (?P=mark)>",
    re.DOTALL,
)
_KINDS = "|".join(r"\s*".join(kind) for kind in FENCES)
_TAG = re.compile(rf"<\s*(/?)\s*(?:{_KINDS})\b[^<>\n]*>?")
_LETTERS = str.maketrans("\u0430\u0441\u0501\u0435\u0456\u043e\u0440\u0442", "acdeiopt")
_BRACKETS = str.maketrans("\u2039\u27e8\u3008\u203a\u27e9\u3009\u2044", "<<<>>>/")


@dataclass
class Read:
    """What a reader took for data, and what for the words of whoever asks."""

    inside: list[tuple[str, str]] = field(default_factory=list)
    """Label and text of each block; the looks know no labels."""
    marks: list[str] = field(default_factory=list)
    outside: str = ""


def by_marks(prompt: str) -> Read:
    """A block ends where its mark is repeated, and nowhere else."""
    read = Read(outside=_BLOCK.sub("\n", prompt))
    for block in _BLOCK.finditer(prompt):
        read.inside.append((block["label"], block["text"]))
        read.marks.append(block["mark"])
    return read


def by_looks(prompt: str) -> Read:
    """A block begins and ends at whatever the eye takes for a tag."""
    read, inside, place = Read(), False, 0
    seen = folded(prompt)
    for tag in [*_TAG.finditer(seen), None]:
        piece = seen[place : tag.start() if tag else None]
        if inside:
            read.inside.append(("", piece.strip("\n")))
        else:
            read.outside += f"{piece}\n"
        if tag:
            inside, place = not tag[1], tag.end()
    return read


def folded(text: str) -> str:
    """What the eye sees: nothing invisible, one form of each letter, small letters."""
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    shown = (c for c in plain if unicodedata.category(c) not in ("Cf", "Co", "Cs"))
    return (
        "".join(c for c in shown if c == "\n" or c >= " ").lower().translate(_LETTERS)
    )
