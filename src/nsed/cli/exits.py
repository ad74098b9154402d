"""How commands end: exit codes, and errors in words instead of stack traces."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from nsed.cli.consoles import stderr_console
from nsed.cli.log_lines import log_lines
from nsed.cli.options import TEAM_KNOBS, option_of
from nsed.cli.plain_text import visible
from nsed.protocol.errors import (
    BudgetError,
    ConfigError,
    InfeasibleTeam,
    NsedError,
    WeightError,
)

__all__ = ["ExitCode", "GuardedGroup", "complain", "exit_code_of"]


class ExitCode(IntEnum):
    """What a command's end means. Scripts rely on it: only ever add."""

    ANSWER = 0
    """Done; for `ask`: an answer, and nobody was missing; for `pool`: all are up."""
    FAILED = 1
    """No answer, or the record could not be written; for `pool`: nobody is up; for
    `trail verify`: a trail does not hold."""
    MISTAKE = 2
    """Nothing was asked: wrong usage or config, no weights, limits that clash."""
    DEGRADED = 3
    """An answer, but experts were missing from it; for `pool`: some are down."""
    WAITING = 4
    """The run is kept and waits for the user's decision."""
    INTERRUPTED = 130
    """Ctrl-C; for `ask` with the best answer so far, if there was one."""


class GuardedGroup(TyperGroup):
    """Turns the errors this package raises on purpose into a line and an exit code.

    Anything else is a bug and keeps its stack trace.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's, in typer or beside it
        """Run the command."""
        try:
            with log_lines():
                return super().invoke(ctx)
        except NsedError as error:
            complain(str(error) + _as_options(error))
            raise typer.Exit(exit_code_of(error)) from error
        except KeyboardInterrupt as interrupt:
            complain("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from interrupt


def exit_code_of(error: NsedError) -> ExitCode:
    """Whether it was a mistake to mend before anything runs, or a failure."""
    mistakes = ConfigError | WeightError | BudgetError | InfeasibleTeam
    if isinstance(error, mistakes):
        return ExitCode.MISTAKE
    return ExitCode.FAILED


def _as_options(error: NsedError) -> str:
    """Which options set the limits that clash; they are named after the file's keys."""
    if not isinstance(error, InfeasibleTeam):
        return ""
    knobs = dict.fromkeys(limit.split(":")[0].split(" ")[0] for limit in error.clash)
    sets: dict[str, list[str]] = {}
    for knob in knobs:
        if knob in TEAM_KNOBS:
            sets.setdefault(option_of(knob), []).append(knob)
    known = [f"{option} sets {' and '.join(names)}" for option, names in sets.items()]
    return f"\n  As options: {'; '.join(known)}." if known else ""


def complain(message: str, *, kind: str = "error") -> None:
    """Say on stderr what is wrong; each line that is a problem of its own is marked."""
    console = stderr_console()
    for line in message.splitlines():
        marked = line if line.startswith(" ") else f"{kind}: {line}"
        console.print(visible(marked), style="red", soft_wrap=True)
