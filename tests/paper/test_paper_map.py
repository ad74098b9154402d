"""Every path and name in docs/paper-map.md is real."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "paper-map.md").read_text(encoding="utf-8")
ENTRIES = sorted(set(re.findall(r"`([a-z_/]+\.py)`(?: `(\w+)`)?", MAP)))


def test_the_map_has_entries() -> None:
    assert len(ENTRIES) >= 25


@pytest.mark.parametrize(("path", "name"), ENTRIES)
def test_the_map_points_at_something(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    if name and not path.startswith("tests/"):
        module = import_module("nsed." + path.removesuffix(".py").replace("/", "."))
        assert name in module.__all__


def test_every_protocol_file_is_on_the_map() -> None:
    on_map = {path for path, _ in ENTRIES}
    supporting = {
        "protocol/__init__.py",
        "protocol/canonical_json.py",
        "protocol/errors.py",
        "protocol/memory_text.py",
        "protocol/answer_support.py",
        "protocol/number_key.py",
    }
    files = {f"protocol/{f.name}" for f in (ROOT / "protocol").glob("*.py")}

    assert files - supporting <= on_map
