"""Prompts: read from `prompts/*.md` once, at import, and filled in strictly.

A place for foreign text takes framed text and nothing else.
"""

import hashlib
import re
from importlib.resources import files
from string import Template
from typing import Final, Literal

from nsed.models.base import Message
from nsed.nodes.peer_text import Framed

__all__ = ["PLACES", "PROMPTS", "fill", "prompt_hashes", "turns"]

PROMPTS: Final[dict[str, str]] = {
    entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8").rstrip("\n")
    for entry in sorted(
        (files("nsed.nodes") / "prompts").iterdir(), key=lambda entry: entry.name
    )
    if entry.name.endswith(".md")
}
"""Every prompt by name."""

PLACES: Final[dict[str, Literal["ours", "user", "foreign"]]] = {
    "candidates": "foreign",
    "complaint": "foreign",
    "form": "ours",
    "memory": "foreign",
    "notes": "user",
    "schema": "user",
    "task": "user",
    "work": "foreign",
}
"""Whose words a `$placeholder` takes: ours, the user's, or anybody else's."""


def fill(name: str, /, **values: str) -> str:
    """Fill a prompt's `$placeholders`.

    Raises:
        KeyError: A placeholder is missing, unknown, or not in `PLACES`.
        TypeError: Foreign text is not framed, or framed text stands in another place.
    """
    template = Template(PROMPTS[name])
    unknown = values.keys() - set(template.get_identifiers())
    if unknown:
        msg = f"prompt {name!r} has no placeholder {sorted(unknown)}"
        raise KeyError(msg)
    for place, value in values.items():
        if (PLACES[place] == "foreign") != isinstance(value, Framed):
            msg = f"${place} of prompt {name!r} takes {PLACES[place]} text"
            raise TypeError(f"{msg}, found {type(value).__name__}")
    return template.substitute(values)


def prompt_hashes() -> dict[str, str]:
    """SHA-256 of every prompt, by name."""
    return {
        name: hashlib.sha256(text.encode()).hexdigest()
        for name, text in PROMPTS.items()
    }


def turns(name: str) -> tuple[Message, ...]:
    """Split a file of worked examples at its `# user` and `# assistant` lines."""
    parts = re.split(r"^# (user|assistant)\n", PROMPTS[name], flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return tuple(
        Message("user" if role == "user" else "assistant", text.strip())
        for role, text in pairs
    )
