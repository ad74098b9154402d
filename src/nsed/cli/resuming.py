"""What `nsed resume` does: find the run, or fork it, and go on."""

import asyncio
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nsed.checkpoints import Checkpoints
from nsed.cli.asking import Printing, carry_out
from nsed.cli.exits import ExitCode
from nsed.cli.kept import kept_run, kept_runs, runs_place
from nsed.config.file import load_config
from nsed.known_run import SHORT_ID, KnownRun
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.human import HumanDecision
from nsed.taking_up import child_of, require_this_version, with_knobs

__all__ = ["Resuming", "changed", "go_on"]


@dataclass(frozen=True, kw_only=True)
class Resuming:
    """The command line of one `nsed resume`, but for what it prints."""

    run: str
    config: Path | None
    from_round: int | None
    changes: Sequence[str]
    decision: HumanDecision | None = None


def go_on(wanted: Resuming, printing: Printing) -> ExitCode:
    """Go on with the run, print what is asked for, and return how it ended.

    Raises:
        ConfigError: There is nothing to go on with, or not so.
        NsedError: There is no answer; the message says why.
    """
    if wanted.changes and wanted.from_round is None:
        raise ConfigError(
            "--set: needs --from-round; a run keeps the knobs it began with"
        )
    if wanted.decision is not None and wanted.from_round is not None:
        raise ConfigError("a decision does not go with --from-round")
    known = asyncio.run(_found(wanted, runs_place(wanted.config)))
    settings = load_config(wanted.config)
    return carry_out(
        known.task,
        known.config,
        settings,
        printing,
        graph=known.graph,
        known=known,
        decision=wanted.decision,
    )


async def _found(wanted: Resuming, where: str) -> KnownRun:
    async with kept_runs(where) as place:
        known = await place.log.find(wanted.run)
        require_this_version(known)
        if wanted.from_round is not None:
            return await _forked(place, known, wanted.from_round, wanted.changes)
        _require_open(known)
        return known


def _require_open(known: KnownRun) -> None:
    short = known.id[:SHORT_ID]
    if known.state == "finished":
        raise ConfigError(
            f"run {short} is finished; nsed show {short} prints it, and --from-round N "
            "begins another one from there"
        )
    if known.state == "failed":
        raise ConfigError(
            f"run {short} has failed: {known.end.reason}\n"
            "  With --from-round N another one begins from there."
        )


async def _forked(
    place: Checkpoints, known: KnownRun, from_round: int, changes: Sequence[str]
) -> KnownRun:
    child = child_of(known, changed(known.config, changes), from_round=from_round)
    await kept_run(place, known).fork(child, from_round=from_round)
    return child


def changed(config: DeliberationConfig, changes: Sequence[str]) -> DeliberationConfig:
    """Set knobs, each written `key=value` as in the configuration file.

    Raises:
        ConfigError: A line for each problem.
    """
    given: dict[str, Any] = {}
    problems = []
    for change in changes:
        key, equals, value = (part.strip() for part in change.partition("="))
        if not equals or not key:
            problems.append(f"--set: should be KEY=VALUE; found {change[:60]!r}")
        else:
            given[key] = _value(value)
    return with_knobs(config, given, called="--set {}", problems=tuple(problems))


def _value(text: str) -> Any:  # noqa: ANN401 - any value of a knob
    """A value as TOML has it; a word that is none is a text without its quotes."""
    for written in (text, json.dumps(text)):
        try:
            found = tomllib.loads(f"value = {written}")
        except tomllib.TOMLDecodeError:
            continue
        if found.keys() == {"value"}:
            return found["value"]
    return text
