"""What `nsed config check` says about a good file. Keys: set or not, never values."""

import os
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.consoles import stdout_console
from nsed.config_settings import Settings
from nsed.protocol.errors import ConfigError
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
    for header in ("Expert", "Provider", "Model", "Roles", "Prices", "Key"):
        table.add_column(header, overflow="fold")
    for expert in config.experts:
        roles = [
            role
            for role, members in (
                ("propose", config.proposers),
                ("review", config.reviewers),
            )
            if not members or expert.name in members
        ]
        table.add_row(
            Text(expert.name),
            expert.provider,
            Text(expert.model or expert.model_class or "–"),
            ", ".join(roles) or "none",
            "known" if expert.prices.known else "unknown",
            Text(_key(expert)),
        )
    console.print(table)
    for knob in settings.knobs:
        shown = Text(f"{knob} = {getattr(config, knob)}")
        console.print(shown, soft_wrap=True)
    console.print(f"Presets: {', '.join(sorted(settings.presets))}", soft_wrap=True)


def _key(expert: ExpertConfig) -> str:
    if expert.api_key_file:
        return "file"
    if expert.api_key_env is None:
        return "–"
    there = "set" if os.environ.get(expert.api_key_env) else "NOT SET"
    return f"{expert.api_key_env}: {there}"


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
