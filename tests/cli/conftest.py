"""A folder of one's own with a scripted pool, and the program to run in it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nsed.cli.app import app

POOL = """
[limits]
retry_wait_s = 0

[[experts]]
name = "ada"
provider = "scripted"
usd_per_mtok_input = 1.0
usd_per_mtok_output = 1.0
[experts.script]
proposals = ["6 * 7 = 42\\nAnswer: 42"]
weights = { "Answer: 42" = 80, "Answer: 41" = -60 }

[[experts]]
name = "bob"
provider = "scripted"
[experts.script]
proposals = ["Answer: 41", "You are right.\\nAnswer: 42"]
weights = { "Answer: 42" = 60, "Answer: 41" = -20 }

[[experts]]
name = "cy"
provider = "scripted"
usd_per_mtok_input = 0
usd_per_mtok_output = 0
[experts.script]
proposals = ["six sevens are 42\\nAnswer: 42"]
weights = { "Answer: 42" = 70, "Answer: 41" = -10 }
"""

Nsed = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, far from the user's own files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NSED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NSED_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NSED_WEIGHTS", raising=False)
    monkeypatch.delenv("NSED_TRAIL_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def pool(here: Path) -> Path:
    """The folder, with three scripted experts in its `nsed.toml`."""
    (here / "nsed.toml").write_text(POOL)
    return here


@pytest.fixture
def nsed(here: Path) -> Nsed:
    """Run a command in this process."""

    def run(*args: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin)

    return run


@pytest.fixture
def spawn(here: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the program as a process of its own; it does not outlive the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*args: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "nsed.cli", *args],
            cwd=here,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "LANGGRAPH_STRICT_MSGPACK": "false"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
