"""The reference is what the docstrings say, and nothing public is missing from it."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import nsed
from nsed.protocol import errors

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
pytest.importorskip("griffe", reason="the dev group has it")


def _generator() -> Any:
    sys.path.insert(0, str(ROOT / "docs"))  # where its three files lie
    try:
        return importlib.import_module("generate_reference")
    finally:
        sys.path.pop(0)


GENERATOR = _generator()
PAGES = GENERATOR.rendered_pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")

    assert written == PAGES[name], "run: make docs"


def test_there_is_no_page_of_something_gone() -> None:
    assert {file.name for file in FOLDER.glob("*.md")} == set(PAGES)


def test_every_public_name_is_covered() -> None:
    shown = set(re.findall(r"^### `(nsed\.\w+)`$", PAGES["python.md"], re.MULTILINE))

    assert shown == {f"nsed.{name}" for name in nsed.__all__}
    for name in errors.__all__:
        assert f"### `{name}`\n" in PAGES["errors.md"]


def test_every_function_and_class_says_what_it_is() -> None:
    """A name without a word about it is no reference."""
    begin = r"^### `([\w.]+)`\n\n```py\n(?:class|def|async def) [^`]*\n```\n\n(.)"
    found = [
        (page, name, word)
        for page, text in PAGES.items()
        for name, word in re.findall(begin, text, re.MULTILINE)
    ]

    assert len(found) > 80
    assert [one for one in found if not re.match(r"[\w`]", one[2])] == []
