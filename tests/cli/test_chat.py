"""`nsed chat`: one question after another, piped and at a terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_provider import Answer, Provider, filled
from panel import deliberate, settings_for

from nsed.cli.chat_bill import ChatBill
from nsed.protocol.ledger import Caps
from nsed.protocol.usage import Usage

from .conftest import Nsed

EXAMPLE = Path(__file__).parents[2] / "examples" / "scripted.toml"
NO_ANSWER = """
[[experts]]
name = "ada"
provider = "scripted"
[experts.script]
fails = "always"
"""
TWO_ASKED = 2
"""Questions of the tests below."""


def test_each_line_is_a_question_and_gets_an_answer(pool: Path, nsed: Nsed) -> None:
    done = nsed("chat", "--short", stdin=b"What is 6 * 7?\n\n  \nAgain?\r\n")

    assert done.exit_code == 0
    assert done.stdout == "42\n42\n"
    assert done.stderr.count("Stopped:") == TWO_ASKED
    assert "total" in done.stderr.splitlines()[-4]  # one bill, at the end


def test_as_a_process_of_its_own(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nsed.cli", "chat", "--quiet", "--config", EXAMPLE],
        input=b"What is half of 48 plus 48?\nAnd again?",
        capture_output=True,
        check=False,
        env={**os.environ, "LANGGRAPH_STRICT_MSGPACK": "false"},
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == 2 * b"Half of 48 is 24, and 24 + 48 = 72.\nAnswer: 72\n"


def shown_tasks(nsed: Nsed) -> list[str]:
    """The task of every run on file, the oldest first."""
    import json

    listed = nsed("runs", "--json")
    ids = [one["id"] for one in json.loads(listed.stdout)]
    return [json.loads(nsed("show", i, "--json").stdout)["task"] for i in ids][::-1]


def test_the_experts_know_what_was_said_until_it_is_forgotten(
    pool: Path, nsed: Nsed
) -> None:
    nsed("chat", "-q", stdin=b"What is 6 * 7?\nSure?\n/new\nAnd now?\n")

    first, second, third = shown_tasks(nsed)
    assert first == "What is 6 * 7?"
    assert second == (
        "Conversation so far:\nUser: What is 6 * 7?\n\nAnswer: 6 * 7 = 42\nAnswer: 42"
        "\n\nThe question now:\nSure?"
    )
    assert third == "And now?"


def test_commands_show_the_bill_and_the_last_run(pool: Path, nsed: Nsed) -> None:
    done = nsed("chat", "-q", stdin=b"/show\n/cost\n6 * 7?\n/show\n/cost\n/help\n/no\n")

    assert "there is no run yet" in done.stderr
    assert "In short: 42" in done.stderr
    assert "/new  forget" in done.stderr
    assert "error: /no: there are /new, /cost, /show, /help, /quit" in done.stderr
    assert done.stdout.count("Answer: 42") == 1


def test_quit_ends_and_what_follows_is_not_asked(pool: Path, nsed: Nsed) -> None:
    done = nsed("chat", "--short", "-q", stdin=b"6 * 7?\n/quit\n6 * 7?\n")

    assert (done.exit_code, done.stdout) == (0, "42\n")


def test_a_question_may_begin_with_a_slash_after_a_space(
    pool: Path, nsed: Nsed
) -> None:
    assert nsed("chat", "-q", "--short", stdin=b" /etc is what?\n").stdout == "42\n"


def test_a_question_without_an_answer_is_said_and_not_remembered(
    here: Path, nsed: Nsed
) -> None:
    (here / "nsed.toml").write_text(NO_ANSWER)

    done = nsed("chat", stdin=b"One?\nTwo?\n")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.count("error: `propose` phase: 0 of 1") == TWO_ASKED
    assert "Conversation so far" not in str(shown_tasks(nsed))


def test_a_degraded_answer_is_warned_of(pool: Path, nsed: Nsed) -> None:
    text = (pool / "nsed.toml").read_text()
    broken = text.replace('proposals = ["six', 'fails = "always"\nproposals = ["six')
    (pool / "nsed.toml").write_text(broken)

    done = nsed("chat", "-q", "--short", stdin=b"6 * 7?\n")

    assert (done.exit_code, done.stdout) == (3, "42\n")
    assert "warning: degraded: " in done.stderr


def test_caps_are_of_the_whole_chat(pool: Path, nsed: Nsed) -> None:
    """Twelve calls a question: the second has eight left, the third none."""
    one = nsed("chat", "--json", stdin=b"6 * 7?\n")
    assert one.exit_code == 2  # no such option: a chat is no record

    done = nsed("chat", "--max-calls", "14", "--short", stdin=b"6 * 7?\n" * 3)

    assert done.exit_code == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("total")]
    assert int(lines[-1].split()[1]) <= 14
    assert "max_calls" in done.stderr


async def test_what_is_left_of_a_cap_counts_what_nobody_knows_at_its_worst() -> None:
    record = await deliberate(settings_for(rounds=1))
    id_, call = next(iter(record.calls.items()))
    lost = call.model_copy(
        update={
            "usage": Usage(calls=1),
            "at_most": Usage(calls=1, output_tokens=50, nano_usd=300_000_001),
        }
    )
    bill = ChatBill()
    bill.add(record.model_copy(update={"calls": {id_: lost}}))
    bill.add(record.model_copy(update={"calls": {}}))

    left = bill.left(settings_for(max_usd=1, max_tokens=60, max_calls=3))
    spent = bill.left(settings_for(max_usd=0.3, max_tokens=49, max_calls=1))

    assert left.caps == Caps(nano_usd=699_999_999, tokens=10, calls=2)
    assert spent.caps == Caps(nano_usd=0, tokens=0, calls=0)
    assert bill.left(settings_for()).caps == Caps()
    assert bill.seconds == 2 * record.verdict.seconds


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--preset", "quick"), "no preset is named 'quick'"),
        (("--pool", "eve"), "no expert is named 'eve'"),
        (("--budget-usd", "1"), "the price of 'bob' is unknown"),
        (("--rounds", "0"), "--rounds"),
    ],
)
def test_a_mistake_is_found_before_the_first_question(
    pool: Path, nsed: Nsed, options: tuple[str, ...], says: str
) -> None:
    done = nsed("chat", *options, stdin=b"6 * 7?\n")

    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_line_that_is_no_text_is_said(pool: Path, nsed: Nsed) -> None:
    done = nsed("chat", "-q", stdin=b"\xff\xfe\n")

    assert done.exit_code == 2
    assert "not UTF-8" in done.stderr


class Terminal:
    """A program at a terminal: what it shows, and what is typed."""

    def __init__(self, *args: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nsed.cli", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                **os.environ,
                "LANGGRAPH_STRICT_MSGPACK": "false",
                "TERM": "dumb",
                "NO_COLOR": "1",
            },
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, words: str) -> str:
        """Wait for words, and give what came before and with them."""
        while words not in self.seen:
            assert select.select([self.master], [], [], 40)[0], self.seen
            self.seen += os.read(self.master, 65536).decode()
        before, _, self.seen = self.seen.partition(words)
        return before + words

    def press_ctrl_c(self, words: str) -> None:
        """Until the words come: CPython sees none that comes as a prompt is drawn."""
        while words not in self.seen:
            self.process.send_signal(signal.SIGINT)
            if select.select([self.master], [], [], 3)[0]:
                self.seen += os.read(self.master, 65536).decode()
        self.until(words)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())


@pytest.fixture
def terminal(pool: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*args: str) -> Terminal:
        opened.append(Terminal(*args))
        return opened[-1]

    yield start
    for one in opened:
        one.process.kill()
        one.process.wait()
        os.close(one.master)


@pytest.mark.slow
def test_at_a_terminal(terminal: Callable[..., Terminal]) -> None:
    chat = terminal("chat")

    chat.until("Ctrl-D ends.")
    chat.until("> ")
    chat.type("What is 6 * 7?\n")
    chat.until("Answer: 42")
    chat.until("2 rounds · ")
    chat.until("> ")
    chat.type("\n/cost\n")
    chat.until("total")
    chat.until("> ")
    chat.type("\x04")
    chat.until("total")  # the bill

    assert chat.process.wait(20) == 0


@pytest.mark.slow
def test_one_ctrl_c_at_the_prompt_is_a_slip_and_two_are_the_end(
    terminal: Callable[..., Terminal],
) -> None:
    chat = terminal("chat")
    chat.until("> ")
    chat.press_ctrl_c("Ctrl-C again")
    chat.until("> ")
    chat.type("6 * 7?\n")
    chat.until("2 rounds · ")
    chat.until("> ")
    chat.press_ctrl_c("Ctrl-C again")  # not the second one: a question was between
    chat.until("> ")
    chat.press_ctrl_c("total")

    assert chat.process.wait(20) == 130


@pytest.mark.slow
def test_ctrl_c_ends_a_run_with_the_best_answer_so_far_and_the_chat_goes_on(
    pool: Path, terminal: Callable[..., Terminal]
) -> None:
    with Provider() as provider:
        provider.answers["slow"] = [Answer(fault="hang"), Answer("Answer: 2")]
        provider.answers["*"] = lambda seen: (
            Answer(filled(seen.schema)) if seen.schema else Answer("Answer: 1")
        )
        (pool / "nsed.toml").write_text(
            "\n".join(
                f'[[experts]]\nname = "{model}"\nmodel = "{model}"\n'
                f'base_url = "{provider.url}"'
                for model in ("quick", "slow")
            )
        )
        chat = terminal("chat", "--rounds", "1", "--pool", "quick,slow")
        chat.until("> ")
        chat.type("One?\n")
        chat.until("quick answers 1")
        chat.process.send_signal(signal.SIGINT)
        chat.until("Stopping with what there is")
        chat.until("Answer: 1")
        chat.until("interrupted: this is the best answer so far")
        chat.until("> ")
        chat.type("Two?\n")
        chat.until("slow answers")
        chat.until("> ")
        chat.type("/quit\n")

        assert chat.process.wait(20) == 0
