"""The runs that are kept, as a table or as JSON."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from nsed.checkpoints import Checkpoints
from nsed.cli.consoles import stdout_console
from nsed.cli.kept import kept_run, kept_runs, runs_place
from nsed.cli.plain_text import one_line
from nsed.known_run import SHORT_ID, KnownRun
from nsed.phrases import ago, usd
from nsed.protocol.errors import ConfigError
from nsed.protocol.usage import Usage, total_usage

__all__ = ["Listed", "forget_run", "listed", "print_runs"]

_STYLES = {"finished": "green", "failed": "red", "waiting for you": "bold yellow"}
_ANSWER_CHARS = 16
_TASK_CHARS = 200


@dataclass(frozen=True)
class Listed:
    """A run, and how it stands."""

    run: KnownRun
    state: str
    """`finished`, `failed`, `waiting for you`, `running` or `interrupted`."""
    rounds: int
    usage: Usage


def print_runs(config: Path | None, *, most: int, as_json: bool) -> None:
    """Print them, the newest first.

    Raises:
        ConfigError: None are kept, or they cannot be read.
    """
    where = runs_place(config)

    async def read() -> list[Listed]:
        async with kept_runs(where) as place:
            return [await listed(place, run) for run in await place.log.known(most)]

    found = asyncio.run(read())
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2))
    elif found:
        stdout_console().print(_table(found))
    else:
        typer.echo("No runs yet.", err=True)


def forget_run(prefix: str, config: Path | None) -> None:
    """Delete all that is kept of a run.

    Raises:
        ConfigError: There is no such run, or it is at work.
    """
    where = runs_place(config)

    async def forget() -> str:
        async with kept_runs(where) as place:
            run = await place.log.find(prefix)
            if await place.log.is_held(run.id):
                raise ConfigError(f"run {run.id[:SHORT_ID]} is at work")
            await place.forget(run.id)
            return run.id

    typer.echo(f"Forgotten: {asyncio.run(forget())}", err=True)


async def listed(place: Checkpoints, run: KnownRun) -> Listed:
    """How a run stands; of one that has no end yet, read off its state."""
    end = run.end
    if run.state in ("finished", "failed"):
        cost = Usage(
            nano_usd=end.nano_usd or 0, unpriced_calls=int(end.nano_usd is None)
        )
        return Listed(run, run.state, end.rounds, cost)
    try:
        record = await kept_run(place, run).record_so_far()
    except ConfigError:  # another version's: what is on file of it has to do
        return Listed(run, "interrupted", end.rounds, Usage(unpriced_calls=1))
    if run.state == "waiting":
        state = "waiting for you"
    else:
        state = "running" if await place.log.is_held(run.id) else "interrupted"
    usage = total_usage(call.usage for call in record.calls.values())
    return Listed(run, state, len(record.tallies), usage)


def _as_json(one: Listed) -> dict[str, Any]:
    run = one.run
    return {
        "id": run.id,
        "state": one.state,
        "begun_at": run.begun_at,
        "task": run.task,
        "graph": run.graph,
        "rounds": one.rounds,
        "answer": run.end.answer or None,
        "usd": one.usage.usd,
        "reason": run.end.reason or None,
        "forked_from": run.forked_from or None,
        "nsed_version": run.version,
    }


def _table(found: list[Listed]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for header in ("Run", "Begun", "State"):
        table.add_column(header, no_wrap=True)
    table.add_column("Rounds", justify="right")
    table.add_column("USD", justify="right", no_wrap=True)
    table.add_column("Answer", no_wrap=True)
    table.add_column("Task", no_wrap=True, overflow="ellipsis")
    now = time.time()
    for one in found:
        table.add_row(
            Text(one.run.id[:SHORT_ID]),
            ago(now - one.run.begun_at),
            Text(one.state, _STYLES.get(one.state, "yellow")),
            str(one.rounds),
            usd(one.usage),
            Text(one_line(one.run.end.answer or "–", _ANSWER_CHARS)),
            Text(one_line(one.run.task, _TASK_CHARS)),
        )
    return table
