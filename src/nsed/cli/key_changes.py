"""Changes of the server's keys: made, given other limits, taken away."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from nsed.cli.places import data_folder
from nsed.config.file import load_config
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.studio.access_key import AccessKey, digest_of, new_token
from nsed.studio.key_file import KeyFile
from nsed.studio.key_places import keys_path

__all__ = ["KeyLimits", "add_key", "remove_key", "set_key"]

_OPTIONS = {
    "name": "NAME",
    "budget_usd": "--budget-usd",
    "usd_per_run": "--usd-per-run",
    "runs_per_minute": "--max-runs-per-minute",
    "concurrent": "--concurrent",
    "presets": "--presets",
}


@dataclass(frozen=True, kw_only=True)
class KeyLimits:
    """Options as they were typed; None where one was not given."""

    budget_usd: float | None
    per_day: bool | None
    usd_per_run: float | None
    runs_per_minute: int | None
    concurrent: int | None
    presets: str | None


def add_key(name: str, limits: KeyLimits, config: Path | None) -> None:
    """Make a key, and print it.

    Raises:
        ConfigError: There is one of this name, or a limit is out of its range.
    """
    settings = load_config(config)
    token = new_token()
    key = _checked(
        {
            "name": name,
            "sha256": digest_of(token),
            "created_at": time.time(),
            **_given(limits, settings),
        }
    )
    file = KeyFile(keys_path(settings.server, data_folder()))
    with file.changing() as keys:
        if name in keys:
            raise ConfigError(
                f"there is a key named {name!r}; change its limits with `nsed keys set "
                f"{name}`, or take it away first: nsed keys remove {name}"
            )
        keys[name] = key
    typer.echo(token)
    typer.echo(
        "This is the key; it is not kept and not shown again. What was spent under "
        "this name before still counts.",
        err=True,
    )


def set_key(name: str, limits: KeyLimits, config: Path | None) -> None:
    """Change limits of a key.

    Raises:
        ConfigError: There is none of this name, or a limit is out of its range.
    """
    settings = load_config(config)
    given = _given(limits, settings)
    if not given:
        raise ConfigError("nothing to change: give a limit, such as --budget-usd 5")
    with KeyFile(keys_path(settings.server, data_folder())).changing() as keys:
        key = _named(keys, name)
        keys[name] = _checked({**key.model_dump(), **given})
    typer.echo(f"Changed: {name}", err=True)


def remove_key(name: str, config: Path | None) -> None:
    """Take a key away.

    Raises:
        ConfigError: There is none of this name.
    """
    settings = load_config(config)
    with KeyFile(keys_path(settings.server, data_folder())).changing() as keys:
        del keys[_named(keys, name).name]
    typer.echo(f"Removed: {name}", err=True)


def _named(keys: dict[str, AccessKey], name: str) -> AccessKey:
    if name not in keys:
        there = f" There are: {', '.join(keys)}" if keys else ""
        raise ConfigError(f"no key is named {name!r}.{did_you_mean(name, keys)}{there}")
    return keys[name]


def _given(limits: KeyLimits, settings: Settings) -> dict[str, Any]:
    given = {key: found for key, found in asdict(limits).items() if found is not None}
    if limits.presets is not None:
        known = {"default", *settings.presets}
        names = [name.strip() for name in limits.presets.split(",") if name.strip()]
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"--presets: no preset is named {name!r}."
                    f"{did_you_mean(name, known)} There are: {', '.join(sorted(known))}"
                )
        given["presets"] = tuple(dict.fromkeys(names)) or None
    return given


def _checked(values: dict[str, Any]) -> AccessKey:
    try:
        key = AccessKey.model_validate(values)
    except ValidationError as error:
        lines = [
            f"{_OPTIONS.get(str(one['loc'][0]), one['loc'][0])}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from error
    if key.per_day and key.budget_usd is None:
        raise ConfigError("--per-day: needs --budget-usd")
    return key
