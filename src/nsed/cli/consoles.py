"""Consoles: answers and tables on stdout, everything about them on stderr.

Text is printed as it is: no markup, no emoji codes, no highlighting, because most of
it was written by models. Rich leaves colours out for NO_COLOR and for files.
"""

from rich.console import Console

__all__ = ["stderr_console", "stdout_console"]


def stderr_console() -> Console:
    """A console on stderr."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)


def stdout_console() -> Console:
    """A console on stdout."""
    return Console(markup=False, emoji=False, highlight=False)
