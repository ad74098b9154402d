"""The user's say after a round: the question as it is shown, and the answer read."""

import asyncio
import os
import sys
import threading
from contextlib import suppress

from rich.text import Text

from nsed.cli.consoles import stderr_console
from nsed.cli.live_view import LiveView
from nsed.cli.plain_text import one_line
from nsed.nodes.human_review import decided
from nsed.phrases import signed, stopped_because
from nsed.protocol.errors import ConfigError
from nsed.state.human import Deciding, HumanDecision, HumanQuestion

__all__ = ["decision_of", "print_question", "read_decision", "terminal_decision"]

_ANSWER_CHARS = 60
_MOST_BYTES = 16_384
_KEYS = "Enter: go along · s: stop here · n TEXT: tell all experts · v N [TEXT]: veto N"


def print_question(question: HumanQuestion) -> None:
    """Show on stderr what is on the table, the best first."""
    console = stderr_console()
    console.print(Text(f"After round {question.round}, your say:", "bold"))
    for number, one in enumerate(question.proposals, start=1):
        leads = "  leads" if one.proposal == question.leading else ""
        shown = one_line(one.answer or one.text, _ANSWER_CHARS)
        line = f"  {number}  {shown}  {signed(one.net_support)}{leads}  {one.proposal}"
        console.print(Text(line), soft_wrap=True)
    following = "another round follows"
    if question.would_stop:
        following = f"it would stop here: {stopped_because(question.would_stop)}"
    console.print(Text(f"  Otherwise {following}.", "dim"), soft_wrap=True)


def read_decision(line: str, question: HumanQuestion) -> HumanDecision:
    """What a line typed at the prompt means.

    Raises:
        ConfigError: Nothing, or a veto of what is not on the table.
    """
    key, _, rest = line.strip().partition(" ")
    if key == "v":
        number, _, note = rest.strip().partition(" ")
        ids = [one.proposal for one in question.proposals]
        if not (number.isdigit() and 1 <= int(number) <= len(ids)):
            raise ConfigError(f"veto which? v 1 to v {len(ids)}")
        given = {"action": "veto", "veto": ids[int(number) - 1], "note": note.strip()}
        return decided(given, question)
    plain = {"": "approve", "s": "stop"}
    if line.strip() in plain:
        return decided(plain[line.strip()], question)
    if key == "n":
        return decided({"action": "note", "note": rest.strip()}, question)
    raise ConfigError(f"that is none of these: {_KEYS}")


def terminal_decision(view: LiveView) -> Deciding:
    """Ask at the terminal until there is a decision."""

    async def decide(question: HumanQuestion) -> HumanDecision:
        with view.away():
            print_question(question)
            problem = question.problem
            while True:
                if problem:
                    stderr_console().print(Text(problem, "red"))
                stderr_console().print(Text(_KEYS, "dim"))
                try:
                    return read_decision(await _line(), question)
                except ConfigError as error:
                    problem = str(error)

    return decide


def decision_of(
    *, approve: bool, stop: bool, note: str | None, veto: str | None
) -> HumanDecision | None:
    """The decision that options name; None if they name none.

    Raises:
        ConfigError: They name two.
    """
    named = [
        name
        for name, given in (
            ("approve", approve),
            ("stop", stop),
            ("veto", veto is not None),
            ("note", note is not None and veto is None),
        )
        if given
    ]
    if not named:
        return None
    if len(named) > 1 or (note is not None and named[0] not in ("note", "veto")):
        raise ConfigError("give one of --approve, --stop, --note and --veto")
    try:
        return HumanDecision.model_validate(
            {"action": named[0], "note": note or "", "veto": veto or ""}
        )
    except ValueError as error:
        raise ConfigError(f"--{named[0]}: should say something") from error


async def _line() -> str:
    """A line of the terminal. Its thread is no hindrance to the program's end.

    So it reads past `sys.stdin`, whose lock the interpreter wants when it ends.
    """
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def hand_over(line: str) -> None:
        if not read.done():
            read.set_result(line)

    def wait() -> None:
        typed = os.read(sys.stdin.fileno(), _MOST_BYTES)
        line = typed.decode("utf-8", "replace") or "s"  # the end of the input: stop
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(hand_over, line)

    threading.Thread(target=wait, daemon=True, name="your say").start()
    return await read
