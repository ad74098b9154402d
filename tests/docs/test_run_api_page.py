"""What docs/run-api.md shows, a real curl prints from a real server."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from run_api import Served, served

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "run-api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NAMES = ("RUN", "CHECKPOINT", "CHILD")


def commands(block: str) -> list[tuple[str, str]]:
    """Each command and what it prints."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(typed, shown) for typed, _, shown in (p.partition("\n") for p in parts)]


def curl(typed: str, here: Served) -> str:
    command = [
        f"{here.url}{word.removeprefix('localhost:8017')}"
        if word.startswith("localhost:8017")
        else word
        for word in shlex.split(typed)
    ]
    assert command[0] == "curl"
    done = subprocess.run(
        [*command, "--silent", "--show-error"],
        capture_output=True,
        check=True,
        timeout=30,
        text=True,
    )
    return done.stdout


def as_shown(shown: str, ids: dict[str, str]) -> re.Pattern[str]:
    """The text of the page: `...` stands for anything, a new name for an id."""
    text = shown.strip()
    for name, id_ in ids.items():
        text = text.replace(f'"{name}"', f'"{id_}"')
    pattern = re.escape(text).replace(r"\.\.\.", ".*")
    for name in NAMES:
        if name not in ids:
            pattern = pattern.replace(f'"{name}"', f'"(?P<{name}>[0-9a-f-]+)"', 1)
    return re.compile(pattern, re.DOTALL)


def test_the_page_is_what_curl_prints(tmp_path: Path) -> None:
    ids: dict[str, str] = {}
    with served(tmp_path) as here:
        for typed, shown in [pair for block in BLOCKS for pair in commands(block)]:
            for name, id_ in ids.items():
                typed = typed.replace(f"/{name}", f"/{id_}")  # noqa: PLW2901
            printed = curl(typed, here).strip()
            found = as_shown(shown, ids).match(printed)
            assert found, f"{typed}\n{printed[:2000]}"
            ids.update({name: id_ for name, id_ in found.groupdict().items() if id_})
    assert len(BLOCKS) == 3
    assert ids.keys() == set(NAMES)


def test_the_page_names_every_route_there_is(tmp_path: Path) -> None:
    with served(tmp_path) as here:
        _, described = here.call("GET", "/openapi.json")
    there = {
        f"{method.upper()} {path}"
        for path, its in described["paths"].items()
        for method in its
        if path.startswith("/api/")
    }
    named = {
        route.split("?")[0].replace("{id}", "{run_id}")
        for route in re.findall(r"^\| `((?:GET|POST) [^` ]+)`", PAGE, re.MULTILINE)
    }

    assert {r.replace("{checkpoint}", "{checkpoint_id}") for r in named} == there
