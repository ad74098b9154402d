"""`nsed ask --review`: the user's say at a terminal, and without one."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from nsed.cli.human_prompt import read_decision
from nsed.protocol.errors import ConfigError
from nsed.state.human import HumanDecision, HumanQuestion, OnTheTable

Nsed = Callable[..., Result]

QUESTION = HumanQuestion(
    round=1,
    leading="r1-a",
    conviction=0.5,
    would_stop=None,
    proposals=(
        OnTheTable(proposal="r1-a", answer="42", text="…", net_support=0.5),
        OnTheTable(proposal="r1-b", answer=None, text="prose", net_support=None),
    ),
)


@pytest.mark.parametrize(
    ("line", "decision"),
    [
        ("\n", HumanDecision()),
        (" s \n", HumanDecision(action="stop")),
        ("n Mind the units. \n", HumanDecision(action="note", note="Mind the units.")),
        ("v 2\n", HumanDecision(action="veto", veto="r1-b")),
        (
            "v 1 It is odd.\n",
            HumanDecision(action="veto", veto="r1-a", note="It is odd."),
        ),
    ],
)
def test_a_line_is_a_decision(line: str, decision: HumanDecision) -> None:
    assert read_decision(line, QUESTION) == decision


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("yes", "none of these"),
        ("n", "should say something"),
        ("v", "veto which"),
        ("v 3", "v 1 to v 2"),
        ("v x", "veto which"),
    ],
)
def test_any_other_line_is_none(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_decision(line, QUESTION)


@pytest.fixture
def waiting(pool: Path, nsed: Nsed) -> str:
    """The id of a run that waits after its first round."""
    assert nsed("ask", "What is 6 * 7?", "--review", "-q").exit_code == 4
    (run,) = json.loads(nsed("runs", "--json").stdout)
    assert run["state"] == "waiting for you"
    return str(run["id"])


@pytest.mark.usefixtures("pool")
def test_without_a_terminal_the_run_is_kept_and_the_question_shown(nsed: Nsed) -> None:
    ended = nsed("ask", "What is 6 * 7?", "--review")

    assert (ended.exit_code, ended.stdout) == (4, "")
    for part in (
        "After round 1, your say:",
        "1  42  +",
        "leads  r1-",
        "Otherwise another round follows.",
        "; nsed resume ",
    ):
        assert part in ended.stderr, part


def test_without_a_terminal_and_a_place_it_is_a_mistake(pool: Path, nsed: Nsed) -> None:
    file = pool / "nsed.toml"
    file.write_text(f'checkpoints = "off"\n{file.read_text()}')

    ended = nsed("ask", "q", "--review")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "human_review: needs a terminal" in ended.stderr


def test_resumed_without_a_decision_it_asks_again(waiting: str, nsed: Nsed) -> None:
    ended = nsed("resume", waiting)

    assert (ended.exit_code, ended.stdout) == (4, "")
    assert "After round 1, your say:" in ended.stderr
    assert "nsed resume" in nsed("show", waiting).stdout


def test_stop_ends_it(waiting: str, nsed: Nsed) -> None:
    ended = nsed("resume", waiting, "--stop", "--json", "-q")

    record = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert record["verdict"]["stop_reason"] == "user_stop"
    assert record["interventions"]["1"]["action"] == "stop"


def test_a_note_goes_to_the_next_round_which_is_asked_about_again(
    waiting: str, nsed: Nsed
) -> None:
    first = nsed("resume", waiting, "--note", "Mind the units.")
    second = nsed("resume", waiting, "--approve")

    assert first.exit_code == 4
    assert "you: note: Mind the units." in first.stderr
    assert "After round 2, your say:" in first.stderr
    assert "it would stop here: everybody agrees" in first.stderr
    assert second.exit_code == 0
    told = nsed("show", waiting).stdout
    assert "After round 1 you told all: Mind the units." in told


def test_a_veto_names_a_proposal(waiting: str, nsed: Nsed) -> None:
    record = json.loads(nsed("show", waiting, "--json").stdout)
    (wrong,) = (p["id"] for p in record["proposals"].values() if p["answer"] == "41")

    none = nsed("resume", waiting, "--veto", "r1-nothing")
    ended = nsed("resume", waiting, "--veto", wrong, "--note", "It is even.")

    assert none.exit_code == 2
    assert "no proposal 'r1-nothing' is on the table" in none.stderr
    assert ended.exit_code == 4
    assert "you: veto: 41; It is even." in ended.stderr
    assert (
        "After round 1 you vetoed 41 and told all: It is"
        in nsed("show", waiting).stdout
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stop", "--approve"), "give one of --approve, --stop, --note and --veto"),
        (("--stop", "--note", "x"), "give one of"),
        (("--note", " "), "--note: should say something"),
        (("--stop", "--from-round", "1"), "does not go with --from-round"),
    ],
)
def test_decisions_that_make_no_sense(
    waiting: str, nsed: Nsed, options: tuple[str, ...], words: str
) -> None:
    ended = nsed("resume", waiting, *options)

    assert ended.exit_code == 2
    assert words in ended.stderr


@pytest.mark.usefixtures("pool")
def test_a_run_that_waits_for_nothing_takes_no_decision(nsed: Nsed) -> None:
    nsed("ask", "q", "-q")
    (run,) = json.loads(nsed("runs", "--json").stdout)

    assert nsed("resume", run["id"], "--stop").exit_code == 2


def at_a_terminal(
    pool: Path, *steps: Callable[[subprocess.Popen[bytes], int], object]
) -> tuple[int, bytes, bytes]:
    """Take a step each time it asks; exit code, stdout, and the terminal's text."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nsed.cli", "ask", "What is 6 * 7?", "--review"],
        cwd=pool,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(theirs)
    told, waiting = b"", list(steps)
    try:
        while waiting:
            told += os.read(ours, 65536)
            if told.count(b"Enter: go along") > len(steps) - len(waiting):
                waiting.pop(0)(process, ours)
        out, _ = process.communicate(timeout=40)
        while select.select([ours], [], [], 0)[0]:
            try:
                told += os.read(ours, 65536)
            except OSError:  # nobody has the other end any more
                break
    finally:
        process.kill()
        os.close(ours)
    return process.returncode, out, told


def test_at_a_terminal_it_is_asked_there(pool: Path) -> None:
    """The answer alone is on stdout, whatever was typed."""
    code, out, told = at_a_terminal(
        pool,
        lambda _, terminal: os.write(terminal, b"what\n"),
        lambda _, terminal: os.write(terminal, b"s\n"),
    )

    assert code == 0
    assert out.endswith(b"Answer: 42\n")
    assert b"that is none of these" in told
    assert b"After round 1, your say:" in told


def test_ctrl_c_at_the_prompt_ends_with_the_best_answer(pool: Path) -> None:
    code, out, told = at_a_terminal(
        pool, lambda process, _: process.send_signal(signal.SIGINT)
    )

    assert code == 130
    assert out.endswith(b"Answer: 42\n")
    assert b"Cut short: this is the best answer so far." in told
    assert b"Traceback" not in told
    assert b"Fatal" not in told
