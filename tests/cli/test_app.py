"""The program as a whole: help, version, drawings, what a bug looks like."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.cli.exits import ExitCode
from nsed.cli.plain_text import one_line, visible
from nsed.phrases import COMMITTED, STOPPED, stopped_because
from nsed.protocol.stopping import StopReason

Nsed = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("args", [(), ("--help",)], ids=["alone", "help"])
def test_help_names_the_commands_and_exit_codes(
    nsed: Nsed, args: tuple[str, ...]
) -> None:
    ended = nsed(*args)

    assert ended.exit_code == 0
    for word in (
        "ask",
        "plan",
        "pool",
        "show",
        "graph",
        "models",
        "config",
        "Exit codes",
        "130",
    ):
        assert word in ended.stdout


def test_version(nsed: Nsed) -> None:
    assert nsed("--version").stdout == f"nsed {version('nsed')}\n"


def test_help_loads_nothing_heavy() -> None:
    heavy = "('langgraph', 'langchain_core', 'pydantic', 'numpy', 'nsed.state')"
    program = (
        "import sys, nsed.cli\n"
        f"sys.exit(str([m for m in {heavy} if m in sys.modules] or ''))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stderr.strip() == ""


def test_exit_codes_are_documented() -> None:
    for page in ("docs/cli.md", "src/nsed/cli/app.py"):
        text = (ROOT / page).read_text()
        assert all(str(int(code)) in text for code in ExitCode), page


def test_a_bug_keeps_its_stack_trace(
    nsed: Nsed, pool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(_: object) -> None:
        message = "a bug of ours"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("nsed.cli.asking.load_config", bug)

    assert isinstance(nsed("ask", "q").exception, ZeroDivisionError)


def test_the_loop_as_mermaid(nsed: Nsed) -> None:
    drawn = nsed("graph").stdout

    for edge in (
        "broker -.-> proposer",
        "human_review -.-> broker",
        "verdict --> __end__",
    ):
        assert edge in drawn
    assert "peer_review" not in nsed("graph", "majority_vote").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("deliberatoin",), "Did you mean 'deliberation'?"),
        (("--format", "pmg"), "should be one of mermaid, ascii, png. Did you mean"),
    ],
)
def test_a_wrong_drawing_is_one_line(
    nsed: Nsed, args: tuple[str, ...], words: str
) -> None:
    ended = nsed("graph", *args)

    assert (ended.exit_code, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize(
    ("args", "package"),
    [
        (("--png", "g.png"), "graph_png._HAS_PYGRAPHVIZ"),
        (("--format", "ascii"), "graph_ascii._HAS_GRANDALF"),
    ],
    ids=["png", "ascii"],
)
def test_a_missing_package_is_named(
    nsed: Nsed, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], package: str
) -> None:
    # These modules remember at import whether their package was there.
    monkeypatch.setattr(f"langchain_core.runnables.{package}", False)

    ended = nsed("graph", *args)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        "error: this drawing needs more packages: pip install 'nsed[draw]'\n"
    )
    assert not Path("g.png").exists()


@pytest.mark.skipif(find_spec("pygraphviz") is None, reason="the draw extra")
def test_a_picture_is_a_png(here: Path, nsed: Nsed) -> None:
    ended = nsed("graph", "--png", "g.png")

    assert ended.exit_code == 0, ended.output
    assert (here / "g.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_every_stop_reason_has_its_words() -> None:
    assert set(STOPPED) == set(StopReason)
    assert len(set(STOPPED.values())) == len(StopReason)
    assert set(COMMITTED) == {"early", "late", "fragmented"}
    assert stopped_because("evidence") == STOPPED[StopReason.EVIDENCE]
    assert stopped_because("something new") == "something new"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\rb\r\nc\td", "a\\rb\nc\td"),
        ("\x9b\x00\x7f", "\\x9b\\x00\\x7f"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("größer 答え 👩‍👧", "größer 答え 👩‍👧"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_is_one_line_of_that_length() -> None:
    assert one_line(" a \n\n b\u2028c ", 80) == "a b c"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"
