"""Prompts: read from `prompts/*.md` once, at import, and filled in strictly."""

import re
from importlib.resources import files
from string import Template
from typing import Final

from nsed.models.base import Message

__all__ = ["PROMPTS", "fill", "turns"]

PROMPTS: Final[dict[str, str]] = {
    entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8").rstrip("\n")
    for entry in sorted(
        (files("nsed.nodes") / "prompts").iterdir(), key=lambda entry: entry.name
    )
    if entry.name.endswith(".md")
}
"""Every prompt by name."""


def fill(name: str, /, **values: str) -> str:
    """Fill a prompt's `$placeholders`; a missing or unknown one is a KeyError."""
    template = Template(PROMPTS[name])
    unknown = values.keys() - set(template.get_identifiers())
    if unknown:
        msg = f"prompt {name!r} has no placeholder {sorted(unknown)}"
        raise KeyError(msg)
    return template.substitute(values)


def turns(name: str) -> tuple[Message, ...]:
    """Split a file of worked examples at its `# user` and `# assistant` lines."""
    parts = re.split(r"^# (user|assistant)\n", PROMPTS[name], flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return tuple(
        Message("user" if role == "user" else "assistant", text.strip())
        for role, text in pairs
    )
