"""Runs that are on file: opened for a command, found by the beginning of an id."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nsed.checkpoints import Checkpoints, open_checkpoints
from nsed.cli.places import checkpoints_place, data_folder
from nsed.config.file import load_config
from nsed.known_run import KnownRun
from nsed.models.hire import Hire
from nsed.protocol.errors import ConfigError
from nsed.run import Run

__all__ = ["kept_run", "kept_runs", "runs_place"]


def runs_place(config: Path | None) -> str:
    """Where the configuration keeps runs.

    Raises:
        ConfigError: Nowhere.
    """
    setting = load_config(config).checkpoints
    if setting in ("off", "memory"):
        raise ConfigError(f'no runs are kept: checkpoints = "{setting}"')
    return checkpoints_place(setting)


@asynccontextmanager
async def kept_runs(place: str) -> AsyncIterator[Checkpoints]:
    """Open the place where runs are kept.

    Raises:
        ConfigError: They cannot be read.
    """
    async with open_checkpoints(place, folder=data_folder()) as opened:
        if opened is None:
            raise ConfigError("the runs cannot be read")
        yield opened


def kept_run(place: Checkpoints, known: KnownRun) -> Run:
    """A run on file, to be looked at."""
    return Run(
        known.task,
        known.config,
        hire=Hire(),
        graph=known.graph,
        run_id=known.id,
        checkpoints=place,
        forked_from=known.forked_from,
    )
