"""What is wrong with a configuration: one plain line a problem, never a secret."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nsed.protocol.errors import did_you_mean

__all__ = ["Path", "dotted", "found", "plain_problems", "unknown_key"]

Path = tuple[str | int, ...]

_WORDS = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_type": "a table",
    "string_type": "text in quotes",
    "tuple_type": "a list",
    "greater_than": "above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "below {lt:g}",
    "less_than_equal": "at most {le:g}",
    "string_too_long": "at most {max_length} characters long",
    "string_too_short": "at least {min_length} characters long",
    "too_long": "a list of at most {max_length}",
}
"""Endings of "should be …", by pydantic's type of error."""

_PATTERNS = {
    "api_key_env": "the name of an environment variable (never the key itself)",
    "base_url": "a URL that begins with http:// or https://",
    "hedge_base_url": "a URL that begins with http:// or https://",
    "name": "letters, digits, dots, dashes and underscores, at most 64, and begin "
    "with a letter or digit",
}
"""The same for texts that must have a form, by key."""

_NEVER_SHOWN = frozenset(
    {
        "api_key",
        "api_key_env",
        "api_key_file",
        "base_url",
        "hedge_base_url",
        "model_kwargs",
    }
)
"""Keys whose values may hold a secret, be it by mistake."""

_LIKE_A_SECRET = re.compile(
    r"[A-Za-z0-9_+/=-]{20,}|(?i:bearer|sk-|pk-)|://[^/@]*:[^/]*@"
)
_BARE = re.compile(r"[A-Za-z0-9_.-]+")
_SHOWN_CHARS = 60


def dotted(path: Path) -> str:
    """Write a path as TOML would: `experts[0].skill."a b"`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        safe = part if _BARE.fullmatch(part) else json.dumps(part)[:_SHOWN_CHARS]
        text += f".{safe}" if text else safe
    return text


def found(path: Path, value: object) -> str:
    """Return `", found …"`, or nothing where that could show a secret."""
    if any(part in _NEVER_SHOWN for part in path):
        return ""
    if isinstance(value, bool):
        return f", found {str(value).lower()}"
    if isinstance(value, int | float):
        return f", found {str(value)[:_SHOWN_CHARS]}"
    if isinstance(value, str):
        if _LIKE_A_SECRET.search(value):
            return ", found text"
        return f", found {json.dumps(value[:_SHOWN_CHARS])}"
    return f", found {'a table' if isinstance(value, dict) else 'a list'}"


def unknown_key(key: str, known: Collection[str], elsewhere: str | None = None) -> str:
    """Say that a key is unknown, and which one may be meant.

    Args:
        key: What the user wrote.
        known: What may stand there.
        elsewhere: The section in which the key would be right.
    """
    if elsewhere is not None:
        return f"unknown key here. It belongs in [{elsewhere}]"
    return f"unknown key.{did_you_mean(key, known)}"


def plain_problems(
    error: ValidationError,
    data: Mapping[str, Any],
    *,
    where: Callable[[Path], str],
    known: Mapping[Path, Collection[str]],
) -> dict[Path, str]:
    """Turn pydantic's findings into lines, one for each place.

    Args:
        error: What pydantic found.
        data: What it looked at.
        where: How to call a place in a message.
        known: The keys that may stand in a table, by its path; for unknown ones.
    """
    by_place: dict[Path, list[ErrorDetails]] = {}
    for item in error.errors(include_url=False):
        missing = item["type"] == "missing"
        place = item["loc"] if missing else _existing(item["loc"], data)
        by_place.setdefault(place, []).append(item)
    lines = {}
    for place, items in by_place.items():
        words = _words(place, items, known) if place else _value_error(items[0])
        lines[place] = f"{where(place)}: {words}" if where(place) else words
    return lines


def _words(
    place: Path, items: list[ErrorDetails], known: Mapping[Path, Collection[str]]
) -> str:
    item = items[0]
    kind = item["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return unknown_key(str(place[-1]), known.get(place[:-1], ()))
    value = item["input"]
    if kind == "value_error":
        return _value_error(item) + (
            found(place, value) if isinstance(value, str) else ""
        )
    if all(i["type"] == "literal_error" for i in items):
        allowed = re.findall(r"'([^']*)'", "".join(i["ctx"]["expected"] for i in items))
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        return f"should be one of {', '.join(allowed)}{found(place, value)}.{hint}"
    endings = dict.fromkeys(_ending(place, i) for i in items)
    return f"should be {' or '.join(endings)}{found(place, value)}"


def _ending(place: Path, item: ErrorDetails) -> str:
    if item["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(str(place[-1]), "of another form")
    words = _WORDS.get(item["type"])
    if words is None:
        return item["msg"].removeprefix("Input should be ")
    return words.format(**item.get("ctx", {}))


def _value_error(item: ErrorDetails) -> str:
    return item["msg"].removeprefix("Value error, ")


def _existing(loc: Path, data: object) -> Path:
    """Cut off what pydantic adds to a path for the branches of a union."""
    place: list[str | int] = []
    for part in loc:
        inside = dict(enumerate(data)) if isinstance(data, list) else data
        if not isinstance(inside, Mapping) or part not in inside:
            break
        data = inside[part]
        place.append(part)
    return tuple(place)
