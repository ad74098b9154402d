"""Links lead somewhere, every page can be reached, and the glossary has every word."""

import re
from pathlib import Path

import pytest

from .snippets import PAGES, ROOT

DOCS = ROOT / "docs"
ALL = [*PAGES, *(DOCS / "reference").glob("*.md")]
PROTOCOL = {
    *re.findall(
        r"\w+",
        """expert pool team role seat task round phase proposal label ballot weight
        credit vote support conviction incumbent memory absence verdict trail tally
        effort broker receipt ledger quorum margin family skill""",
    ),
    *("net support", "forget gate", "stop reason", "commit type"),
}


def links(page: Path) -> list[tuple[str, str]]:
    """Paths and anchors of the links to files of ours."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", text)
    return [one for one in found if not re.match(r"https?:|mailto:", one[0])]


def anchors(page: Path) -> set[str]:
    """What its headings are called in an address."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        waiting += [(page.parent / path).resolve() for path, _ in links(page) if path]
    decisions = set((DOCS / "decisions").glob("*.md"))  # the index links the folder

    assert {p for p in ALL if DOCS in p.parents} - decisions - seen == set()


def test_the_glossary_has_every_word_of_the_protocol() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    words = {word.strip() for row in rows for word in row.split(",")}

    assert PROTOCOL - words == set()
