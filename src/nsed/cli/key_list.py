"""The keys of the server, as a table or as JSON; never a key."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from nsed.cli.consoles import stdout_console
from nsed.cli.places import data_folder
from nsed.config.file import load_config
from nsed.phrases import ago
from nsed.protocol.usage import NANO_USD
from nsed.studio.access_key import AccessKey
from nsed.studio.accounts import Account, open_accounts
from nsed.studio.key_file import KeyFile
from nsed.studio.key_places import accounts_path, keys_path

__all__ = ["print_keys"]


def print_keys(config: Path | None, *, as_json: bool) -> None:
    """Print them.

    Raises:
        ConfigError: They cannot be read.
    """
    server = load_config(config).server
    keys = KeyFile(keys_path(server, data_folder())).read()
    accounts = asyncio.run(_accounts(accounts_path(server, data_folder()), keys))
    if as_json:
        rows = [_as_json(key, accounts[key.name]) for key in keys]
        typer.echo(json.dumps(rows, indent=2))
    elif keys:
        stdout_console().print(_table(keys, accounts))
    else:
        typer.echo("No keys yet: nsed keys add NAME", err=True)


async def _accounts(place: Path, keys: tuple[AccessKey, ...]) -> dict[str, Account]:
    if not await asyncio.to_thread(place.exists):
        return {key.name: Account() for key in keys}
    async with open_accounts(place) as accounts:
        return {
            key.name: await accounts.account(key.name, per_day=key.per_day)
            for key in keys
        }


def _as_json(key: AccessKey, account: Account) -> dict[str, Any]:
    return {
        **key.model_dump(mode="json", exclude={"sha256"}),
        "runs": account.runs,
        "spent_usd": account.spent / NANO_USD,
        "set_aside_usd": account.set_aside / NANO_USD,
        "unpriced_calls": account.unpriced_calls,
    }


def _table(keys: tuple[AccessKey, ...], accounts: dict[str, Account]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("Key", no_wrap=True)
    table.add_column("Made", no_wrap=True)
    for header in ("Runs", "USD spent", "set aside", "of"):
        table.add_column(header, justify="right", no_wrap=True)
    table.add_column("Limits")
    for key in keys:
        account = accounts[key.name]
        table.add_row(
            Text(key.name),
            ago(time.time() - key.created_at),
            str(account.runs),
            ("≥ " if account.unpriced_calls else "") + _usd(account.spent),
            _usd(account.set_aside),
            _budget(key),
            Text(_limits(key)),
        )
    return table


def _usd(nano: int) -> str:
    return f"{nano / NANO_USD:.4f}"


def _budget(key: AccessKey) -> str:
    if key.budget_usd is None:
        return "no limit"
    return f"{key.budget_usd:g}{' a day' if key.per_day else ''}"


def _limits(key: AccessKey) -> str:
    parts = (
        key.usd_per_run is not None and f"{key.usd_per_run:g} USD a run",
        key.runs_per_minute is not None and f"{key.runs_per_minute} runs a minute",
        key.concurrent is not None and f"{key.concurrent} at one time",
        key.presets is not None and f"presets {', '.join(key.presets)}",
    )
    return "; ".join(part for part in parts if part) or "–"
