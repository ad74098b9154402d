"""How commands end: exit codes, and errors in words instead of stack traces."""

from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from nsed.cli.consoles import stderr_console
from nsed.cli.plain_text import visible
from nsed.protocol.errors import BudgetError, ConfigError, NsedError, WeightError

__all__ = ["ExitCode", "GuardedGroup", "complain", "exit_code_of"]


class ExitCode(IntEnum):
    """What a command's end means. Scripts rely on it: only ever add."""

    ANSWER = 0
    """Done; for `ask`: an answer, and nobody was missing."""
    FAILED = 1
    """No answer, or the record could not be written."""
    MISTAKE = 2
    """Nothing was asked: wrong usage or config, no weights, a cap too small."""
    DEGRADED = 3
    """An answer, but experts were missing from it."""
    INTERRUPTED = 130
    """Ctrl-C; for `ask` with the best answer so far, if there was one."""


class GuardedGroup(TyperGroup):
    """Turns the errors this package raises on purpose into a line and an exit code.

    Anything else is a bug and keeps its stack trace.
    """

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's, in typer or beside it
        """Run the command."""
        try:
            return super().invoke(ctx)
        except NsedError as error:
            complain(str(error))
            raise typer.Exit(exit_code_of(error)) from error
        except KeyboardInterrupt as interrupt:
            complain("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from interrupt


def exit_code_of(error: NsedError) -> ExitCode:
    """Whether it was a mistake to mend before anything runs, or a failure."""
    if isinstance(error, ConfigError | WeightError | BudgetError):
        return ExitCode.MISTAKE
    return ExitCode.FAILED


def complain(message: str, *, kind: str = "error") -> None:
    """Say on stderr what is wrong; each line that is a problem of its own is marked."""
    console = stderr_console()
    for line in message.splitlines():
        marked = line if line.startswith(" ") else f"{kind}: {line}"
        console.print(visible(marked), style="red", soft_wrap=True)
