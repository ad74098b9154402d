"""The next line of a chat: from a terminal with a prompt, or from a pipe."""

import sys
from contextlib import suppress

from nsed.cli.consoles import stderr_console
from nsed.protocol.errors import ConfigError

__all__ = ["at_terminal", "next_line"]

_PROMPT = "> "


def at_terminal() -> bool:
    """Whether a person types the questions."""
    return sys.stdin.isatty()


def next_line() -> str | None:
    """Return the next line, without its end; None where there is no further one.

    Raises:
        ConfigError: It is not UTF-8 text.
        KeyboardInterrupt: Ctrl-C, at the prompt.
    """
    if not at_terminal():
        raw = sys.stdin.buffer.readline()
        try:
            return raw.decode("utf-8-sig").rstrip("\r\n") if raw else None
        except UnicodeDecodeError as error:
            raise ConfigError("standard input: a line is not UTF-8 text") from error
    if not sys.stdout.isatty():  # `input` would prompt where the answers go
        stderr_console().print(_PROMPT, end="")
        line = sys.stdin.readline()
        return line.rstrip("\n") if line else None
    with suppress(ImportError):
        import readline  # noqa: F401, PLC0415 - gives `input` a history
    try:
        typed = input(_PROMPT)
    except EOFError:
        stderr_console().print()
        return None
    return typed.encode("utf-8", "replace").decode()
