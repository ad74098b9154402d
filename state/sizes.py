"""Sizes of memory as people write them: `24GB`, `512 MiB`, or a number of bytes."""

import math
import re
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field

__all__ = ["Size", "bytes_of"]

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kmgtp]i?)?b", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def bytes_of(text: str) -> int:
    """Read a size; parts of a byte are rounded up.

    Args:
        text: A number, at most one space, and a unit in any case: `B`; `kB`, `MB`,
            `GB`, `TB`, `PB` are powers of 1000; `KiB`, `MiB`, `GiB`, `TiB`, `PiB` of
            1024.

    Raises:
        ValueError: It is of another form. Who shows it to people adds what was found,
            unless that may be a secret.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        msg = (
            'should be a size such as "24GB" (1 GB is 1e9 bytes) or "512 MiB", or a '
            "whole number of bytes"
        )
        raise ValueError(msg)
    unit = (found[2] or "").lower()
    base = 1024 if unit.endswith("i") else 1000
    factor = Fraction(base) ** _POWER[unit.rstrip("i")]
    return math.ceil(Fraction(found[1]) * factor)


def _size(value: object) -> object:
    """Read text; leave all else to the check of numbers."""
    return bytes_of(value) if isinstance(value, str) else value


Size = Annotated[
    int,
    Field(ge=0, le=10**16),
    BeforeValidator(_size, json_schema_input_type=int | str),
]
"""A number of bytes, also written as text that `bytes_of` reads."""
