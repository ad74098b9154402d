"""Warnings that the program's own code logs: a line each on stderr, as all others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from nsed.cli.consoles import stderr_console
from nsed.cli.plain_text import one_line

__all__ = ["log_lines"]

_CHARS = 400


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        line = one_line(f"warning: {record.getMessage()}", _CHARS)
        stderr_console().print(line, style="yellow", soft_wrap=True)


@contextmanager
def log_lines() -> Iterator[None]:
    """Show them while a command runs."""
    ours, lines = logging.getLogger("nsed"), _Lines(logging.WARNING)
    ours.addHandler(lines)
    try:
        yield
    finally:
        ours.removeHandler(lines)
