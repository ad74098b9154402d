"""What `nsed config check` says about a good file. Keys: set or not, never values."""

import os
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.consoles import stdout_console
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["print_summary"]


def print_summary(settings: Settings) -> None:
    """Print it.

    Raises:
        ConfigError: A file that the configuration names is not there.
    """
    _require_files(settings)
    config = settings.config()
    console = stdout_console()
    source = settings.file or "no file found: built-in settings"
    console.print(f"OK: {source}", soft_wrap=True)
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for header in ("Expert", "Provider", "Model", "Seats", "Prices"):
        table.add_column(header, overflow="fold")
    for expert in config.experts:
        table.add_row(
            Text(expert.name),
            expert.provider,
            Text(expert.model or expert.model_class or "-"),
            _seats(expert, config),
            "known" if expert.prices.known else "unknown",
        )
    console.print(table)
    lines = [*_keys(config), *(f"{k} = {getattr(config, k)}" for k in settings.knobs)]
    for line in (*lines, f"Presets: {', '.join(sorted(settings.presets))}"):
        console.print(Text(line), soft_wrap=True)


def _seats(expert: ExpertConfig, config: DeliberationConfig) -> str:
    members = {"answers": config.proposers, "reviews": config.reviewers}
    taken = [
        seat for seat, names in members.items() if not names or expert.name in names
    ]
    return ", ".join(taken) or "none"


def _keys(config: DeliberationConfig) -> list[str]:
    """Each variable or file that holds a key, and whether it does."""
    lines = []
    for expert in config.experts:
        if expert.api_key_file:
            lines.append(f"Key of {expert.name}: from a file")
        elif expert.api_key_env:
            there = "set" if os.environ.get(expert.api_key_env) else "NOT SET"
            lines.append(f"Key of {expert.name}: {expert.api_key_env} is {there}")
    return lines


def _require_files(settings: Settings) -> None:
    """A path in the file that leads nowhere is a fault of the file."""
    problems = []
    for expert in settings.experts:
        named = [("api_key_file", expert.api_key_file)]
        if expert.model.endswith(".gguf"):
            named.append(("model", expert.model))
        problems += [
            f"{settings.file}: experts.{expert.name}.{key}: there is no such file"
            for key, path in named
            if path and not Path(path).is_file()
        ]
    if problems:
        raise ConfigError("\n".join(problems))
