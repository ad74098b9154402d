"""Paths in the file: relative ones start from its folder, `~` from a home."""

from pathlib import Path

__all__ = ["path_in"]


def path_in(folder: Path, text: str) -> str:
    """Return the path that a text names.

    Raises:
        ValueError: It cannot be one. The message never repeats it: where a path
            belongs, somebody may have put a secret.
    """
    if "\0" in text:
        msg = "should be a path, and no path holds the character NUL"
        raise ValueError(msg)
    try:
        return str(folder / Path(text).expanduser())
    except RuntimeError as error:  # no such user, or a container without $HOME
        msg = "begins with ~, but that home folder is not known; write the whole path"
        raise ValueError(msg) from error
