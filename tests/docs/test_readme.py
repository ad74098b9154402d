"""What the README shows, runs."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nsed.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102

    assert "unanimous" in capsys.readouterr().out


PLANS = [block for block in blocks("console") if block.startswith("$ nsed plan")]


@pytest.mark.parametrize("block", PLANS, ids=len)
def test_a_plan_is_what_the_command_prints_today(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed, _, shown = block.removeprefix("$ ").replace("\\\n", " ").partition("\n")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("NSED_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    ran = CliRunner().invoke(app, shlex.split(typed)[1:])
    printed = [line.rstrip() for line in ran.output.strip().splitlines()]

    assert printed == shown.strip().splitlines()


def test_the_readme_shows_a_plan_and_a_clash() -> None:
    assert len(PLANS) == 2


def test_the_first_screen_has_the_two_commands() -> None:
    head = "\n".join(README.splitlines()[:20])

    assert "make ask Q=" in head
    assert "make test" in head
