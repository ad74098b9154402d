"""The log of a server on stderr: a line each, no stack traces, nobody's texts."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nsed.cli.consoles import stderr_console
from nsed.cli.plain_text import one_line
from nsed.models.failures import redact

__all__ = ["server_log"]

_CHARS = 300
_ACCESS = "nsed.studio.access"


class _Lines(logging.Handler):
    """Prints our own words as they are, and of others' the template only.

    A message of another package may quote what it failed at: a prompt, an address with
    a password. Its template is a constant; what is filled in is left out.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("nsed."):
            words = redact(record.getMessage(), limit=_CHARS)
        else:
            template = str(record.msg).partition("\n")[0]
            kind = record.exc_info[0] if record.exc_info else None
            words = f"{record.name}: {template}{f' ({kind.__name__})' if kind else ''}"
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno < logging.WARNING else record.levelname.lower()
        line = one_line(f"{clock} {level} {words}", _CHARS)
        style = "yellow" if level else "dim"
        stderr_console().print(line, style=style, soft_wrap=True)


@contextmanager
def server_log(*, requests: bool) -> Iterator[None]:
    """Show it while a server runs.

    Args:
        requests: Whether every request is a line.
    """
    root, access = logging.getLogger(), logging.getLogger(_ACCESS)
    ours = logging.getLogger("nsed")
    lines, before = _Lines(logging.INFO), access.level
    others, ours.handlers[:] = list(ours.handlers), []
    root.addHandler(lines)
    access.setLevel(logging.INFO if requests else logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(lines)
        access.setLevel(before)
        ours.handlers[:] = others
