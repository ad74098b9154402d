"""Values that no key of the file takes: found anywhere in it, said once."""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nsed.config.problems import Path, dotted

__all__ = ["expert_place", "remove_unusable"]

_INTERPOLATION = re.compile(r"\$\{[^}]*\}")
_MOST: Final = 2**63


def expert_place(index: int, table: Mapping[str, Any]) -> Path:
    """How messages call an expert: by its name, else by its position from 0."""
    name = table.get("name")
    return ("experts", name if isinstance(name, str) and name else index)


def remove_unusable(document: dict[str, Any]) -> list[str]:
    """Put None where such a value stands, and return a line for each."""
    lines = []
    for box, key, found in list(_leaves(document)):
        words = _unusable(box[key], found)
        if words is None:
            continue
        place = found
        if found[0] == "experts" and isinstance(found[1], int):
            table = document["experts"][found[1]]
            if isinstance(table, dict):
                place = (*expert_place(found[1], table), *found[2:])
        if not isinstance(box[key], str):
            box[key] = None
        lines.append(f"{dotted(place)}: {words}")
    return lines


def _unusable(value: object, place: Path) -> str | None:
    if isinstance(value, dt.date | dt.time):
        return "dates and times are not used here"
    if isinstance(value, float) and not math.isfinite(value):
        return f"should be a finite number, found {value}"
    if isinstance(value, int) and abs(value) >= _MOST:
        return "should be a number of at most 64 bits"
    if isinstance(value, str) and _INTERPOLATION.search(value):
        of_expert = place[0] == "experts" and place[2:] == ("api_key",)
        if of_expert or place in (("telemetry",), ("checkpoints",)):
            return None
        return (
            "${…} is for secrets only, that is for api_key, telemetry and checkpoints"
        )
    return None


def _leaves(
    box: dict[str, Any] | list[Any], place: Path = ()
) -> Iterator[tuple[Any, Any, Path]]:
    """Every value that is no table and no list: its container, key and path."""
    items = box.items() if isinstance(box, dict) else enumerate(box)
    for key, value in items:
        here = (*place, key)
        if isinstance(value, dict | list):
            yield from _leaves(value, here)
        else:
            yield box, key, here
