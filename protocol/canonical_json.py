"""Canonical JSON (RFC 8785): one value, one sequence of bytes, and back again."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

import rfc8785

__all__ = ["canonical_json", "read_canonical_json"]

_MOST_INTEGER: Final = 2**53 - 1
"""The largest whole number that every reader of JSON takes exactly."""
_MOST_DIGITS: Final = len(str(-_MOST_INTEGER))


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON can hold
    """Write a value as RFC 8785 says: keys sorted, no spaces, shortest numbers.

    Nothing is lost: reading it gives an equal value (a tuple becomes a list, and 1.0
    is written as 1, which equals it). What would be lost is refused.

    Args:
        value: Maps with text keys, lists, tuples, text, numbers, booleans, None.

    Raises:
        ValueError: It holds NaN or an infinity, a whole number beyond 2**53 - 1, half
            a surrogate pair, or what JSON has no form for; the message says where.
    """
    try:
        return rfc8785.dumps(value)
    except RecursionError as error:
        msg = "nested too deeply"
        raise ValueError(msg) from error
    except ValueError as error:
        msg = next(_problems(value, ""), f"no canonical JSON: {error}")
        raise ValueError(msg) from error


def read_canonical_json(text: bytes) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Read canonical JSON and nothing else: a changed byte is a changed value.

    Raises:
        ValueError: It is no JSON, or not byte for byte its canonical form.
    """
    try:
        value = json.loads(
            text.decode(), parse_int=_whole_number, parse_constant=_refuse
        )
    except UnicodeDecodeError as error:
        msg = "not UTF-8"
        raise ValueError(msg) from error
    except RecursionError as error:
        msg = "nested too deeply"
        raise ValueError(msg) from error
    except ValueError as error:
        msg = "not JSON"
        raise ValueError(msg) from error
    try:
        written = canonical_json(value)
    except ValueError as error:
        msg = f"not JSON of one meaning: {error}"
        raise ValueError(msg) from error
    if written != text:
        msg = "not canonical JSON (spaces, order of keys, spelling of values)"
        raise ValueError(msg)
    return value


def _whole_number(digits: str) -> int | float:
    """Take large whole numbers as the floats they were written from."""
    if len(digits) <= _MOST_DIGITS and abs(int(digits)) <= _MOST_INTEGER:
        return int(digits)
    return float(digits)


def _refuse(constant: str) -> None:
    msg = f"{constant} is not JSON"
    raise ValueError(msg)


def _problems(value: object, place: str) -> Iterator[str]:
    """Say where things stand that have no canonical form, and what they are."""
    if isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _problems(inner, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            inside = f"{place}.{key!a}" if place else f"{key!a}"
            if not isinstance(key, str) or not _is_unicode(key):
                yield f"{inside}: this key is not Unicode text"
            yield from _problems(inner, inside)
    elif problem := _problem(value):
        yield f"{place or 'the value'}: {problem}"


def _problem(value: object) -> str:
    match value:
        case None | bool():
            return ""
        case str():
            return "" if _is_unicode(value) else "half a surrogate pair"
        case int():
            large = abs(value) > _MOST_INTEGER
            return "a whole number beyond 2**53 - 1" if large else ""
        case float():
            return "" if isfinite(value) else f"{value} is not a JSON number"
    return f"JSON has no form for {type(value).__name__}"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
