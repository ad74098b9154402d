"""Command lines out of the docs: cut into commands, and held against what there is."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import typer

from nsed.cli.app import app

from .snippets import ROOT, Snippet

__all__ = ["commands_of", "why_wrong"]

_SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
OTHERS = {
    "cat", "cd", "cmp", "cp", "curl", "docker", "eval", "export", "git", "head",
    "llama-server", "ls", "mkdir", "next", "ollama", "openssl", "printf", "sha256sum",
    "source", "tail", "tr", "unset", "uvicorn", "vllm",
}  # fmt: skip
"""Programs of others: not run, not read."""


def commands_of(snippet: Snippet) -> Iterator[list[str]]:
    """The commands of a shell or console block, a list of words each."""
    text = snippet.text.replace("\\\n", " ")
    for line in text.splitlines():
        typed = line
        if snippet.language == "console":
            if not line.startswith("$ "):
                continue
            typed = line.removeprefix("$ ")
        lexer = shlex.shlex(typed, posix=True, punctuation_chars="|;&<>()")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in (*lexer, ";"):
            if set(word) <= set("|;&()"):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def why_wrong(words: list[str]) -> str:
    """What is wrong with a command; empty if nothing is."""
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if any(set(word) <= set("<>") for word in words):
        cut = next(i for i, word in enumerate(words) if set(word) <= set("<>"))
        words = words[:cut]
    if not words:
        return ""
    program, *rest = words
    if program.endswith("bin/nsed") or program == "nsed":
        return _why_no_command(rest)
    if program == "make":
        unknown = [w for w in rest if "=" not in w and w not in _TARGETS]
        return f"no such target: {unknown}" if unknown else ""
    if program in ("pip", "python") or program.endswith("bin/python"):
        return _why_not_there(rest)
    return "" if program in OTHERS else f"{program}: is that a program?"


def _why_no_command(words: list[str]) -> str:
    command: Any = typer.main.get_command(app)
    context = None
    while True:
        try:
            context = command.make_context(
                command.name or "nsed", list(words), parent=context
            )
        except typer.Exit:
            return ""  # --help, --version
        except Exception as error:  # noqa: BLE001 - click's, in typer or beside it
            return f"{type(error).__name__}: {getattr(error, 'message', error)}"
        left = (
            [*context._protected_args, *context.args]
            if hasattr(context, "_protected_args")
            else context.args
        )
        if not hasattr(command, "commands") or not left:
            return ""
        name, *words = left
        if name not in command.commands:
            return f"nsed has no command {name!r}"
        command = command.commands[name]


def _why_not_there(words: list[str]) -> str:
    """An extra that does not exist, or a script that is not here."""
    extras = _SETTINGS["project"]["optional-dependencies"]
    for word in words:
        if found := re.fullmatch(r"nsed\[([\w,]+)\]", word):
            if unknown := set(found[1].split(",")) - set(extras):
                return f"no such extra: {sorted(unknown)}"
        elif word.endswith(".py") and not (ROOT / word).is_file():
            return f"there is no {word}"
    return ""
