"""API keys: read from a file, and fit to be sent."""

from pathlib import Path

from nsed.protocol.errors import ConfigError

__all__ = ["header_safe", "key_in_file"]


def key_in_file(path: Path, whose: str) -> str:
    """Read the key that stands alone in a file.

    Raises:
        ConfigError: It cannot be read, or holds no key. Never quotes what it holds.
    """
    where = f"{whose}: the file that api_key_file names"
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "it is not text")
        raise ConfigError(f"{where} cannot be read: {why}") from error
    if not key:
        raise ConfigError(f"{where} is empty")
    return header_safe(key, where)


def header_safe(key: str, where: str) -> str:
    """Strip white space around a key; what HTTP cannot send is a ConfigError."""
    key = key.strip()
    if not key or not all("!" <= character <= "~" for character in key):
        raise ConfigError(f"{where} holds no key: a key is one word of plain ASCII")
    return key
