"""What `nsed pool` does: probe the experts, look up what is known, print both."""

import asyncio
import json
import time
from collections.abc import Sequence

import typer
from rich.console import Group

from nsed.cli.consoles import stderr_console, stdout_console
from nsed.cli.exits import ExitCode
from nsed.cli.given import Given, settled
from nsed.cli.known import known_of
from nsed.cli.places import telemetry_place
from nsed.cli.plain_text import one_line
from nsed.cli.pool_json import pool_json
from nsed.cli.pool_member import Member
from nsed.cli.pool_report import pool_report
from nsed.cli.standing import Standing, standings
from nsed.cli.telemetry_read import read_telemetry
from nsed.config.file import load_config
from nsed.phrases import plural
from nsed.state.expert_config import ExpertConfig

__all__ = ["check_pool"]

_WAITING_CHARS = 40


def check_pool(given: Given, *, timeout_s: float | None, as_json: bool) -> ExitCode:
    """Print the pool, for people or as JSON.

    Args:
        given: Configuration, preset and names.
        timeout_s: Most seconds to wait for each probe; None probes nobody.
        as_json: Print JSON.

    Returns:
        Whether all, some or none are up; `ANSWER` if nobody was probed.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    settings = load_config(given.config)
    config = settled(given, settings)
    place = telemetry_place(settings.telemetry)
    telemetry = asyncio.run(read_telemetry(place))
    found: dict[str, Standing] = {}
    if timeout_s is not None:
        found = _probed(config.experts, timeout_s)
    now = time.time()
    known = known_of(config, telemetry, now)
    members = [
        Member(config=e, known=known[e.name], standing=found.get(e.name))
        for e in config.experts
    ]
    if as_json:
        typer.echo(json.dumps(pool_json(members), indent=2))
    else:
        stdout_console().print(Group(*pool_report(members, now)))
    return _code(members)


def _probed(experts: Sequence[ExpertConfig], timeout_s: float) -> dict[str, Standing]:
    """Probe them, and show on stderr how far it is."""
    console = stderr_console()
    words = f"Probing {plural(len(experts), 'expert')}, at most {timeout_s:g} s each"
    if not console.is_terminal:
        console.print(f"{words} …")
        return asyncio.run(standings(experts, timeout_s=timeout_s))
    waiting = [expert.name for expert in experts]
    with console.status(words) as status:

        def tell(name: str) -> None:
            waiting.remove(name)
            left = one_line(", ".join(waiting), _WAITING_CHARS)
            status.update(f"{words}; waiting for {left}")

        return asyncio.run(standings(experts, timeout_s=timeout_s, tell=tell))


def _code(members: Sequence[Member]) -> ExitCode:
    up = [m.standing.state == "up" for m in members if m.standing is not None]
    if all(up):
        return ExitCode.ANSWER
    return ExitCode.DEGRADED if any(up) else ExitCode.FAILED
