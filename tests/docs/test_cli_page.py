"""docs/cli.md has every command and option there is, and none that there is not."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from nsed.cli.app import app

from .snippets import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
EVERYWHERE = {"--help", "--install-completion", "--show-completion", "--version"}


def commands(group: Any, before: str = "nsed") -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_options_are_documented(name: str) -> None:
    first, *sub = name.removeprefix("nsed ").split()
    (section,) = re.findall(
        rf"^## `nsed {first}\b.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL
    ) or [""]
    options = [
        [one for one in (*p.opts, *p.secondary_opts) if one.startswith("--")]
        for p in COMMANDS[name].params
        if type(p).__name__.endswith("Option") and not {*p.opts} & EVERYWHERE
    ]

    assert section, "no section"
    assert all(word in section for word in sub)
    silent = [
        spellings  # of a switch that is on or off, one will do
        for spellings in options
        if not any(re.search(rf"{one}(?![\w-])", section) for one in spellings)
    ]
    assert silent == []


def test_no_option_is_made_up() -> None:
    known = {
        spelling
        for command in COMMANDS.values()
        for parameter in command.params
        for spelling in (*parameter.opts, *parameter.secondary_opts)
    } | EVERYWHERE

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - known == set()
