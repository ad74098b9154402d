"""What `nsed chat` does: one question after another, on one loop, with one bill."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import typer

from nsed.cli.asking import warn_if_less
from nsed.cli.chat_bill import ChatBill
from nsed.cli.chat_line import at_terminal, next_line
from nsed.cli.consoles import stderr_console
from nsed.cli.exits import ExitCode, complain
from nsed.cli.given import Given, settled
from nsed.cli.human_prompt import terminal_decision
from nsed.cli.live_view import LiveView
from nsed.cli.phrases import plural, usd
from nsed.cli.places import checkpoints_place, telemetry_place
from nsed.cli.plain_text import visible
from nsed.cli.pulling import pull_missing
from nsed.cli.report import final_report
from nsed.cli.session import Ended, run_session
from nsed.config.file import load_config
from nsed.config.settings import Settings
from nsed.known_run import SHORT_ID
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError, NsedError
from nsed.seated import seated
from nsed.state.context import DeliberationConfig
from nsed.state.conversation import Turn, task_of
from nsed.state.run_record import RunRecord

__all__ = ["Chat"]

_GRAPH = "deliberation"
_HELP = (
    "/new  forget what was said",
    "/cost  the bill so far",
    "/show  the last run",
    "/quit  or Ctrl-D",
    "A question that begins with / has a space before it.",
)


@dataclass
class Chat:
    """A conversation with the panel, kept in memory."""

    config: DeliberationConfig
    settings: Settings
    short: bool
    quiet: bool
    hire: Hire
    turns: list[Turn] = field(default_factory=list)
    bill: ChatBill = field(default_factory=ChatBill)
    last: RunRecord | None = None
    worst: ExitCode = ExitCode.ANSWER
    """How the worst question ended."""

    @classmethod
    def begin(cls, given: Given, *, short: bool, quiet: bool, pull: bool) -> "Chat":
        """Settle the configuration and fetch what it needs; ask nothing yet.

        Raises:
            NsedError: It cannot be used.
        """
        settings = load_config(given.config)
        config = settled(given, settings)
        if config.human_review and not at_terminal():
            raise ConfigError("human_review: needs a terminal; turn it off to pipe")
        pull_missing(seated(config, _GRAPH), fetch=pull, quiet=quiet)
        hire = Hire(response_cache=settings.response_cache)
        return cls(config, settings, short, quiet, hire)

    def hold(self) -> ExitCode:
        """Ask and answer until the input ends; then the bill."""
        with asyncio.Runner() as runner:
            try:
                interrupted = self._until_the_end(runner)
            finally:
                runner.run(self.hire.aclose())
        if not self.quiet and self.bill.calls:
            self._cost()
        if interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.ANSWER if at_terminal() else self.worst

    def _until_the_end(self, runner: asyncio.Runner) -> bool:
        """Whether it was Ctrl-C, twice, that ended it."""
        if at_terminal() and not self.quiet:
            stderr_console().print("/help says what there is; Ctrl-D ends.")
        pressed = False
        while True:
            try:
                line = next_line()
            except KeyboardInterrupt:
                if pressed:
                    return True
                pressed = True
                stderr_console().print("\nCtrl-C again, Ctrl-D or /quit ends.")
                continue
            pressed = False
            if line is None or line.strip() == "/quit":
                return False
            if line.startswith("/"):
                self._command(line.strip())
            elif line.strip():
                self._ask(runner, line.strip())

    def _command(self, line: str) -> None:
        does: Mapping[str, Callable[[], None]] = {
            "/new": self.turns.clear,
            "/cost": self._cost,
            "/show": self._show,
            "/help": lambda: stderr_console().print("\n".join(_HELP)),
        }
        if line in does:
            does[line]()
        else:
            complain(f"{line}: there are {', '.join([*does, '/quit'])}")

    def _ask(self, runner: asyncio.Runner, question: str) -> None:
        asked = Turn(role="user", text=question)
        try:
            ended = runner.run(self._run(task_of([*self.turns, asked])))
        except NsedError as error:
            complain(str(error))
            self.worst = ExitCode.FAILED
            return
        record = ended.record
        if record is not None:
            self.last = record
            self.bill.add(record)
        if record is None or ended.failure is not None:
            why = ended.failure or "interrupted before anybody had answered"
            complain(str(why))
            self.worst = ExitCode.FAILED
            return
        self.turns += (asked, Turn(role="assistant", text=record.verdict.text))
        self._answer(ended, record)

    async def _run(self, task: str) -> Ended:
        config = self.bill.left(self.config)
        view = LiveView(stderr_console(), rounds=config.rounds, quiet=self.quiet)
        return await run_session(
            task,
            config,
            graph=_GRAPH,
            view=view,
            telemetry=telemetry_place(self.settings.telemetry),
            checkpoints=checkpoints_place(self.settings.checkpoints),
            decide=terminal_decision(view) if at_terminal() else None,
            hire=self.hire,
        )

    def _answer(self, ended: Ended, record: RunRecord) -> None:
        verdict = record.verdict
        typer.echo(visible(verdict.answer if self.short else verdict.text))
        sys.stdout.flush()
        warn_if_less(ended, record)
        if verdict.status != "complete" and self.worst is ExitCode.ANSWER:
            self.worst = ExitCode.DEGRADED
        if not self.quiet:
            kept = f" · run {ended.run_id[:SHORT_ID]}" if ended.run_id else ""
            facts = f"{plural(verdict.rounds, 'round')} · {verdict.seconds:.1f} s"
            words = f"{facts} · {usd(verdict.usage)} USD{kept}"
            stderr_console().print(words, style="dim", soft_wrap=True)

    def _cost(self) -> None:
        stderr_console().print(self.bill.table())

    def _show(self) -> None:
        if self.last is None:
            complain("there is no run yet")
        else:
            stderr_console().print(final_report(self.last))
