"""What the README and the docs show, is so: every block is run, read, or says why not.

python: is run, offline, a page from top to bottom. toml: `nsed config check` takes it.
sh, console: every command parses; a console block marked `<!-- output -->` prints what
it shows. json: is JSON.
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nsed.cli.app import app

from .commands import commands_of, why_wrong
from .snippets import PAGES, ROOT, Snippet, snippets

SHOWN_ONLY = {"", "text", "mermaid", "nginx", "py"}
CHECKED = {"python", "toml", "sh", "console", "json", "jsonl"}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like this repository, and keeps what is written to it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    for variable in ("NSED_DATA", "NSED_CACHE", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.delenv("NSED_TRAIL_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def running(*languages: str) -> list[Snippet]:
    return [one for one in snippets(*languages) if one.runs]


def test_there_is_something_to_check() -> None:
    found = [snippet.language for snippet in snippets()]

    assert len(PAGES) > 20
    assert all(found.count(language) >= 5 for language in ("python", "toml", "sh"))


def test_every_block_has_a_language_that_is_checked() -> None:
    unknown = [
        f"{s}: {s.language}"
        for s in snippets()
        if s.language not in CHECKED | SHOWN_ONLY
    ]

    assert unknown == []


def _pages() -> list[Any]:
    """The Python of each page, from top to bottom, as a reader runs it."""
    pages: dict[Path, list[Snippet]] = {}
    for one in running("python"):
        pages.setdefault(one.page, []).append(one)
    return [
        pytest.param(blocks, id=str(page.relative_to(ROOT)))
        for page, blocks in pages.items()
    ]


@pytest.mark.blocks_the_loop
@pytest.mark.parametrize("blocks", _pages())
def test_the_python_runs(blocks: list[Snippet], elsewhere: Path) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks:
        padded = "\n" * block.line + block.text  # so that a failure names the line
        exec(compile(padded, str(block.page), "exec"), names)  # noqa: S102


@pytest.mark.parametrize("block", running("toml"), ids=str)
def test_the_configuration_is_accepted(block: Snippet, elsewhere: Path) -> None:
    (elsewhere / "nsed.toml").write_text(block.text, encoding="utf-8")
    ended = CliRunner().invoke(app, ["config", "check", "nsed.toml"])

    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize("block", running("sh", "console"), ids=str)
def test_the_commands_exist(block: Snippet) -> None:
    found = [(shlex.join(words), why_wrong(words)) for words in commands_of(block)]

    assert found, "a block without a command is text"
    assert [one for one in found if one[1]] == []


@pytest.mark.parametrize(
    "block", [s for s in snippets("console") if s.mark == "output"], ids=str
)
def test_a_console_shows_what_is_printed(block: Snippet, elsewhere: Path) -> None:
    """Ids and seconds aside; a line of three dots stands for any lines."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        typed, _, shown = part.replace("\\\n", " ").partition("\n")
        words = [w for w in shlex.split(typed) if w]
        ran = CliRunner().invoke(app, words[1:])

        pattern = ".*".join(
            map(re.escape, re.split(r"^\.\.\.\n", _plain(shown), flags=re.MULTILINE))
        )
        assert re.fullmatch(pattern, _plain(ran.output), re.DOTALL), ran.output


def _plain(text: str) -> str:
    text = re.sub(r"\b[0-9a-f]{8}([0-9a-f]{24})?\b", "ID", text)
    text = re.sub(r"\b\d+(\.\d+)? s\b( ago)?|just now", "T", text)
    text = re.sub(r"─+", "─", text)
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line) + "\n"


def test_the_json_is_json() -> None:
    for block in snippets("json"):
        json.loads(block.text)
    for block in snippets("jsonl"):
        for line in block.text.splitlines():
            json.loads(line)
