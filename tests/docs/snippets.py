"""Every fenced block of the README and the docs, with what stands before it.

A block is run, read or checked by its language; see `test_snippets.py`. A comment in
the line before it says otherwise, and why:

    <!-- not run: it needs a graphics card -->
    <!-- output -->             console: what is shown has to be what is printed
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Snippet", "snippets"]

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "reference"
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if page.parent != GENERATED and page.name != "CHANGELOG.md"
)
_FENCE = re.compile(r"^( *)(```+|~~~+) *([\w-]*)[^\n`]*$")
_MARK = re.compile(r"<!-- (not run: .+|output) -->")


@dataclass(frozen=True)
class Snippet:
    """One block."""

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def runs(self) -> bool:
        return not self.mark.startswith("not run: ")


def snippets(*languages: str) -> list[Snippet]:
    """All blocks in these languages; without any, all."""
    found = [snippet for page in PAGES for snippet in _of(page)]
    return [s for s in found if not languages or s.language in languages]


def _of(page: Path) -> Iterator[Snippet]:
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        begin = _FENCE.match(lines[number])
        number += 1
        if begin is None:
            continue
        indent, fence, language = begin.groups()
        first = number
        while number < len(lines) and lines[number].strip() != fence:
            number += 1
        assert number < len(lines), f"{page}:{first}: this block has no end"
        body = [line.removeprefix(indent) for line in lines[first:number]]
        before = [line for line in lines[max(0, first - 3) : first - 1] if line.strip()]
        mark = _MARK.fullmatch(before[-1].strip()) if before else None
        yield Snippet(
            page=page,
            line=first,
            language=language,
            text="\n".join(body) + "\n",
            mark=mark[1] if mark else "",
        )
        number += 1
