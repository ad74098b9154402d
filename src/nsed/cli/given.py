"""What a command line says of the configuration, settled into one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nsed.cli.options import option_of
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.sizes import bytes_of

__all__ = ["Given", "settled"]

_SEATS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")
_MOST_SEATS = 256


@dataclass(frozen=True, kw_only=True)
class Given:
    """Options as they were typed; the same ones for every command that has them."""

    config: Path | None = None
    preset: str | None = None
    pool: str | None = None
    knobs: Mapping[str, Any] = field(default_factory=dict)
    """By knob; None where the option was not given."""
    seats: str | None = None
    vram: Sequence[str] | None = None
    pins: Sequence[str] | None = None
    bans: Sequence[str] | None = None


def settled(given: Given, settings: Settings) -> DeliberationConfig:
    """Put the options on top of the file.

    Pins, bans and memory are added to those of the file and the preset; who is pinned
    here is no longer banned there, and the other way round.

    Raises:
        ConfigError: A line for each problem.
    """
    pool = [name.strip() for name in (given.pool or "").split(",") if name.strip()]
    below = {**settings.knobs, **settings.presets.get(given.preset or "", {})}
    options = {knob: value for knob, value in given.knobs.items() if value is not None}
    if given.seats is not None:
        options |= _seats(given.seats)
    if given.pins or given.bans:
        options |= _people(given.pins or (), given.bans or (), below, settings.experts)
    if given.vram:
        experts = [e for e in settings.experts if not pool or e.name in pool]
        options["hosts"] = {**below.get("hosts", {}), **_memory(given.vram, experts)}
    return settings.config(
        preset=given.preset,
        pool=pool,
        options=options,
        names={knob: option_of(knob) for knob in options},
    )


def _seats(text: str) -> dict[str, int]:
    found = _SEATS.fullmatch(text.strip())
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= least <= most <= _MOST_SEATS:
        raise ConfigError(
            f"--seats: should be a number from 1 to {_MOST_SEATS}, or a range such as "
            f"2-4; found {text[:40]!r}"
        )
    return {
        f"{end}_{role}": number
        for end, number in (("least", least), ("most", most))
        for role in ("proposers", "reviewers")
    }


def _people(
    pins: Sequence[str],
    bans: Sequence[str],
    below: Mapping[str, Any],
    experts: Iterable[ExpertConfig],
) -> dict[str, list[str]]:
    known = [expert.name for expert in experts]
    problems = [
        f"{option}: no expert is named {name!r}.{did_you_mean(name, known)}"
        for option, names in (("--pin", pins), ("--ban", bans))
        for name in names
        if name not in known
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    pinned = [name for name in below.get("pins", ()) if name not in bans]
    banned = [name for name in below.get("bans", ()) if name not in pins]
    return {
        "pins": list(dict.fromkeys([*pinned, *pins])),
        "bans": list(dict.fromkeys([*banned, *bans])),
    }


def _memory(texts: Sequence[str], experts: Sequence[ExpertConfig]) -> dict[str, int]:
    """Bytes by host."""
    hosts = list(dict.fromkeys(e.host for e in experts if e.host is not None))
    if not hosts:
        raise ConfigError(
            "--vram: no expert of the pool is on a host. Give host and vram_bytes to "
            'every expert that runs on it, such as host = "gpu-box" and '
            'vram_bytes = "6GB"'
        )
    sizes: dict[str, int] = {}
    for text in texts:
        host, named, size = text.rpartition("=")
        if not named and len(hosts) > 1:
            raise ConfigError(
                f"--vram: the pool is on several hosts ({', '.join(hosts)}); say which "
                f"one: --vram {_quoted(hosts[0])}={text[:40]}, once for each"
            )
        host = host if named else hosts[0]
        if host not in hosts:
            raise ConfigError(
                f"--vram: no expert of the pool is on host {host!r}."
                f"{did_you_mean(host, hosts)} There are: {', '.join(hosts)}"
            )
        if host in sizes:
            raise ConfigError(f"--vram: host {host!r} is given twice")
        sizes[host] = _size(size)
    return sizes


def _size(text: str) -> int:
    try:
        return bytes_of(text)
    except ValueError as error:
        raise ConfigError(
            "--vram: should be a size with its unit, such as 24GB (1 GB is 1e9 bytes) "
            f"or 512MiB; found {text[:40]!r}"
        ) from error


def _quoted(host: str) -> str:
    return f'"{host}"' if " " in host else host
