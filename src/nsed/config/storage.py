"""Where runs keep things: `telemetry`, `checkpoints`, `response_cache` of the file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from nsed.config.paths import path_in
from nsed.protocol.errors import did_you_mean

__all__ = ["VARIABLE", "read_place", "read_response_cache"]

VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""`${NAME}` and nothing else."""

_WORDS = ("sqlite", "off", "memory")
_DEFAULT = _WORDS[0]
_POSTGRES = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9]+)?://", re.IGNORECASE)
_PASSWORD_FIELD = re.compile(r"pass(?:word|wd|file)?\s*=", re.IGNORECASE)
_MOST_CHARS = 4096


def read_place(
    key: str, document: Mapping[str, Any], folder: Path
) -> tuple[str, list[str]]:
    """Check the key `telemetry` or `checkpoints`.

    Args:
        key: Which.
        document: The whole file.
        folder: What a relative path starts from.

    Returns:
        Its value (the default where it is wrong), a path from `folder`; and the
        problems. These never repeat what was found: it may hold a password.
    """
    found = document.get(key, _DEFAULT)
    problem = _problem(key, found)
    if problem:
        return _DEFAULT, [f"{key}: {problem}"]
    if found in _WORDS or VARIABLE.fullmatch(found) or _POSTGRES.match(found):
        return found, []
    try:
        return path_in(folder, found), []
    except ValueError as error:
        return _DEFAULT, [f"{key}: {error}"]


def read_response_cache(
    document: Mapping[str, Any], folder: Path
) -> tuple[str | None, list[str]]:
    """Check the key `response_cache`; arguments and result as `read_place`."""
    found = document.get("response_cache")
    if "response_cache" not in document:
        return None, []
    if not isinstance(found, str) or not 0 < len(found.strip()) < _MOST_CHARS:
        return None, [
            "response_cache: should be a path in quotes; leave it out for none"
        ]
    if "://" in found:
        return None, ["response_cache: should be a path, not a URL"]
    try:
        return path_in(folder, found), []
    except ValueError as error:
        return None, [f"response_cache: {error}"]


def _problem(key: str, found: object) -> str:
    wanted = (
        f'should be sqlite, off, memory, a path such as "./{key}.db", or "${{NAME}}" '
        "with the environment variable that holds a postgresql:// URL"
    )
    if not isinstance(found, str) or not 0 < len(found) < _MOST_CHARS:
        return wanted
    if found in _WORDS or VARIABLE.fullmatch(found):
        return ""
    if _holds_password(found):
        return (
            'a password must not stand in the file; write "${NAME}" with the '
            "environment variable that holds the URL"
        )
    if "$" in found:
        return wanted
    if _POSTGRES.match(found):
        return "" if _is_url(found) else wanted
    is_path = "://" not in found and re.search(r"[./\\]", found)
    return "" if is_path else wanted + "." + did_you_mean(found, _WORDS)


def _holds_password(text: str) -> bool:
    """Whether it may; a doubtful one has to go into a variable too."""
    user = text.partition("://")[2].rpartition("@")[0]
    return ":" in user or bool(_PASSWORD_FIELD.search(text))


def _is_url(text: str) -> bool:
    try:
        _ = urlsplit(text).port
    except ValueError:  # what stands in the place of the port may be a secret
        return False
    return True
