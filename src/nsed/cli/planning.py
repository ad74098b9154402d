"""What `nsed plan` does: bind a team as round 1 of a run would, and account for it."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import cast

import typer
from rich.console import Group
from rich.text import Text

from nsed.brokers.base import BindRequest
from nsed.brokers.configured_broker import ConfiguredBroker
from nsed.cli.consoles import stderr_console, stdout_console
from nsed.cli.exits import ExitCode, complain
from nsed.cli.given import Given, settled
from nsed.cli.places import telemetry_place
from nsed.cli.question import read_question
from nsed.cli.receipt_view import receipt_view
from nsed.cli.telemetry_read import read_telemetry
from nsed.config.file import load_config
from nsed.nodes.broker import worst_answers
from nsed.nodes.prompt_tokens import prompt_tokens
from nsed.protocol.ledger import allot
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.schema import DeliberationState
from nsed.state.team import Team

__all__ = ["planned_team", "print_plan"]


def print_plan(
    question: str | None, file: Path | None, given: Given, *, as_json: bool
) -> None:
    """Print the team of round 1, for people or as JSON.

    Raises:
        NsedError: There is no such team; the message says why.
    """
    settings = load_config(given.config)
    config = settled(given, settings)
    place = telemetry_place(settings.telemetry)
    task = read_question(question, file)
    # The solver would go on to the end of its effort, with nothing left to do for it.
    signal.signal(signal.SIGINT, _leave)
    with stderr_console().status("Choosing the team"):  # on a terminal only
        team, unpaid = asyncio.run(planned_team(task, config, place))
    if as_json:
        typer.echo(json.dumps(team.model_dump(mode="json"), indent=2))
        return
    parts = [*receipt_view(team)]
    if unpaid:
        words = "The caps do not carry an answer of: " + ", ".join(unpaid)
        parts.append(Text(words, "yellow"))
    stdout_console().print(Group(*parts, Text("\nNobody was asked.", "dim")))


def _leave(*_: object) -> None:
    complain("interrupted")
    sys.stderr.flush()
    os._exit(ExitCode.INTERRUPTED)


async def planned_team(
    task: str, config: DeliberationConfig, place: str
) -> tuple[Team, tuple[str, ...]]:
    """Bind the team of round 1.

    Args:
        task: What would be asked.
        config: The pool and the limits.
        place: Where telemetry is kept.

    Returns:
        The team, and proposers whose answer the caps do not carry: brokers that do
        not look at caps may seat such ones, and a run would not ask them.

    Raises:
        InfeasibleTeam: There is none.
    """
    now = time.time()
    state = cast("DeliberationState", {"task": task, "started_at": now})
    worst = worst_answers(state, config, 1)
    request = BindRequest(
        task=task,
        config=config,
        round=1,
        spent=Usage(),
        incumbent_team=None,
        absences=(),
        now=now,
        telemetry=await read_telemetry(place),
        prompts=prompt_tokens(state, config),
        worst_calls={name: first for name, (first, *_) in worst.items()},
        thorough=True,
    )
    team = await ConfiguredBroker().bind(request)
    asked = {name: worst[name] for name in team.in_role("proposer")}
    granted = allot(config.caps, Usage(), asked)
    return team, tuple(name for name, attempts in granted.items() if not attempts)
