"""The question: from the argument, a file, or standard input."""

import sys
from pathlib import Path

from nsed.protocol.errors import ConfigError

__all__ = ["read_question"]


def read_question(argument: str | None, file: Path | None) -> str:
    """Return the question.

    Args:
        argument: What the command line says; `-` means standard input.
        file: Where else it may stand; `-` means standard input too.

    Raises:
        ConfigError: There is none, there are two, or it cannot be read.
    """
    if argument not in (None, "-") and file is not None:
        raise ConfigError("give the question as an argument or with --file, not both")
    if file is not None and str(file) != "-":
        text = _decoded(_bytes_of(file), str(file))
    elif argument not in (None, "-"):
        text = str(argument)
    elif argument is None and file is None and sys.stdin.isatty():
        raise ConfigError(
            'there is no question: nsed ask "What is 6 * 7?", or --file FILE, '
            "or pipe it in"
        )
    else:
        text = _decoded(sys.stdin.buffer.read(), "standard input")
    if not text.strip():
        raise ConfigError("the question is empty")
    return text.strip()


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error


def _decoded(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{source}: line {line} is not UTF-8 text") from error
