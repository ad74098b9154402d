"""What `nsed config check` says about a good file. Keys: set or not, never values."""

import os
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.consoles import stdout_console
from nsed.config.settings import Settings
from nsed.config.storage import VARIABLE
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
            _prices(expert),
        )
    console.print(table)
    lines = (
        *_team(config),
        *_keys(config),
        *_stores(settings),
        *(f"{k} = {getattr(config, k)}" for k in settings.knobs),
        f"Presets: {', '.join(sorted(settings.presets))}",
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _seats(expert: ExpertConfig, config: DeliberationConfig) -> str:
    if expert.name in config.bans:
        return "none: banned"
    if not config.licence_allowed(expert.licence):
        return f"none: licence {expert.licence or 'unknown'}"
    members = {"answers": config.proposers, "reviews": config.reviewers}
    taken = [
        seat for seat, names in members.items() if not names or expert.name in names
    ]
    pinned = " (pinned)" if expert.name in config.pins else ""
    return (", ".join(taken) or "none") + pinned


def _prices(expert: ExpertConfig) -> str:
    if not expert.prices.known:
        return "unknown"
    return expert.price_source or "known"


def _team(config: DeliberationConfig) -> list[str]:
    """How many seats there may be, and how much memory."""
    seats = []
    for role in ("proposers", "reviewers"):
        least, most = getattr(config, f"least_{role}"), getattr(config, f"most_{role}")
        seats.append(f"{least} to {'all' if most is None else most} {role}")
    lines = [f"Team ({config.broker}): {', '.join(seats)}"]
    return [*lines, *_memory(config)]


def _memory(config: DeliberationConfig) -> list[str]:
    """What the models of a host would take together, and what it holds."""
    lines = []
    for host in dict.fromkeys(e.host for e in config.experts if e.host):
        sizes = {e.name: e.vram_bytes for e in config.experts if e.host == host}
        each = ", ".join(f"{name} {_gb(size)}" for name, size in sizes.items())
        limit = f", limit {_gb(config.hosts[host])}" if host in config.hosts else ""
        lines.append(f"Memory of {host}{limit}: {each}")
    return lines


def _gb(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e9:.1f} GB"


def _stores(settings: Settings) -> list[str]:
    """Where things are kept; of a variable, only whether it is set."""
    lines = []
    for name, place in (
        ("Telemetry", settings.telemetry),
        ("Runs", settings.checkpoints),
    ):
        shown = place
        if variable := VARIABLE.fullmatch(place):
            there = "set" if os.environ.get(variable[1]) else "NOT SET"
            shown = f"{variable[1]} is {there}"
        lines.append(f"{name}: {shown}")
    if settings.response_cache is not None:
        lines.append(f"Replies are kept in {settings.response_cache}")
    return lines


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
        if expert.provider == "embedded" and expert.model.endswith(".gguf"):
            named.append(("model", expert.model))
        problems += [
            f"{settings.file}: experts.{expert.name}.{key}: there is no such file"
            for key, path in named
            if path and not Path(path).is_file()
        ]
    if problems:
        raise ConfigError("\n".join(problems))
