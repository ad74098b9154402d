"""What `nsed init` does: look around, say what is there, write the first file."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import typer

from nsed.cli.consoles import stderr_console
from nsed.cli.found_report import found_json, found_report
from nsed.cli.looking import look_around
from nsed.cli.whole_file import write_whole
from nsed.config.found import Found
from nsed.config.starter_file import experts_in, starter_file, uses_embedded
from nsed.phrases import plural
from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["Wishes", "start"]

_LEAST_EXPERTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user wants of `nsed init`."""

    file: Path | None
    """Where to write; None prints instead."""
    as_json: bool = False
    ask: bool = False
    models: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    timeout_s: float = 2.0
    replace: bool = False


def start(wishes: Wishes) -> None:
    """Do it.

    Raises:
        ConfigError: The file is there already, or cannot be written; or a wish makes
            no sense. Nothing was written.
    """
    _require_sense(wishes)
    found = asyncio.run(
        look_around(urls=wishes.urls, ask=wishes.ask, timeout_s=wishes.timeout_s)
    )
    _require_models(found, wishes.models)
    if wishes.as_json:
        typer.echo(json.dumps(found_json(found), indent=2))
        return
    text = starter_file(found, wishes.models)
    console = stderr_console()
    console.print(found_report(found))
    if wishes.file is None:
        typer.echo(text, nl=False)
        return
    _write(wishes.file, text)
    count = experts_in(found, wishes.models)
    console.print(
        f"\nWrote {wishes.file} with {plural(count, 'expert')}.", soft_wrap=True
    )
    for line in _next_steps(wishes, found, count):
        console.print(line, soft_wrap=True)


def _require_sense(wishes: Wishes) -> None:
    if wishes.file is not None and not wishes.replace and wishes.file.exists():
        raise ConfigError(
            f"{wishes.file} is there already; --force replaces it, --stdout shows what "
            "would stand in it"
        )
    if wishes.models and not wishes.ask:
        raise ConfigError("--model needs --ask: whether there is such a model is asked")
    for url in wishes.urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"--url {url}: should be like http://gpu-box:8000/v1")
        if parts.username or parts.password or parts.query:
            raise ConfigError("--url: a name, a password or a ?query may not be in it")


def _require_models(found: Found, wanted: Collection[str]) -> None:
    listed = [m.id for k in found.keys if k.listing for m in k.listing.models]
    for name in wanted:
        if name not in listed:
            raise ConfigError(
                f"--model {name}: no provider that was asked lists it."
                f"{did_you_mean(name, listed)}"
            )


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text.encode())
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from error


def _next_steps(wishes: Wishes, found: Found, count: int) -> list[str]:
    option = "" if str(wishes.file) == "nsed.toml" else f" --config {wishes.file}"
    steps = []
    if uses_embedded(found, wishes.models) and find_spec("xllamacpp") is None:
        steps.append("Models on this machine need: pip install 'nsed[local]'")
    if count < _LEAST_EXPERTS:
        steps.append(
            "One expert alone cannot deliberate: add another, or set "
            "include_embedded = true."
        )
    if found.keys and not wishes.ask:
        steps.append("Keys are set: `nsed init --ask --force` lists what they give.")
    check = f"nsed config check{f' {wishes.file}' if option else ''}"
    return [
        *steps,
        "Next:",
        f"  {check}",
        f"  nsed pool{option}",
        f'  nsed ask "..."{option}',
    ]
