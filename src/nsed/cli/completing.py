"""What a shell completes: names out of the configuration file, and runs that are kept.

Nobody is asked and nothing is written. Where something is wrong there is nothing to
complete; the command itself says what it is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from nsed.protocol.errors import NsedError

__all__ = [
    "complete_expert",
    "complete_experts",
    "complete_preset",
    "complete_run",
    "complete_weight",
]

_MOST_RUNS = 30
_TASK_CHARS = 50

Found = list[tuple[str, str]]
"""What may stand there, each with a few words about it."""


def complete_preset(ctx: typer.Context, incomplete: str) -> Found:
    """Names of presets."""
    with _quiet(found := []):
        from nsed.config.file import load_config  # noqa: PLC0415 - slow
        from nsed.config.presets import BUILT_IN_PRESETS  # noqa: PLC0415

        presets = load_config(_config(ctx)).presets
        for name in sorted(presets):
            built_in = presets[name] is BUILT_IN_PRESETS.get(name)
            found.append((name, "built in" if built_in else "of the file"))
    return _beginning(found, incomplete)


def complete_expert(ctx: typer.Context, incomplete: str) -> Found:
    """Names of experts."""
    with _quiet(found := []):
        from nsed.config.file import load_config  # noqa: PLC0415 - slow

        experts = load_config(_config(ctx)).experts
        found += [(e.name, e.model or e.provider) for e in experts]
    return _beginning(found, incomplete)


def complete_experts(ctx: typer.Context, incomplete: str) -> Found:
    """Names of experts with commas between: the last one is completed."""
    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    return [
        (before + comma + name, words)
        for name, words in complete_expert(ctx, last)
        if name not in given
    ]


def complete_run(ctx: typer.Context, incomplete: str) -> Found:
    """Beginnings of the ids of the latest runs."""
    with _quiet(found := []):
        from nsed.cli.kept import kept_runs, runs_place  # noqa: PLC0415 - slow
        from nsed.cli.plain_text import one_line  # noqa: PLC0415
        from nsed.known_run import SHORT_ID  # noqa: PLC0415

        async def read(place: str) -> Found:
            async with kept_runs(place) as opened:
                runs = await opened.log.known(_MOST_RUNS)
            return [(r.id[:SHORT_ID], one_line(r.task, _TASK_CHARS)) for r in runs]

        found += asyncio.run(read(runs_place(_config(ctx))))
    return _beginning(found, incomplete)


def complete_weight(ctx: typer.Context, incomplete: str) -> Found:  # noqa: ARG001
    """Names of weights."""
    from nsed.models.weights_manifest import load_manifest  # noqa: PLC0415 - slow

    found = [(name, weight.licence) for name, weight in load_manifest().items()]
    return _beginning(found, incomplete)


def _config(ctx: typer.Context) -> Path | None:
    """The file that `--config` names, if it stands before."""
    given = ctx.params.get("config")
    return Path(given) if isinstance(given, str | Path) else None


@contextmanager
def _quiet(found: Found) -> Iterator[None]:
    """Leave out what cannot be read."""
    try:
        yield
    except (NsedError, OSError):
        found.clear()


def _beginning(found: Found, incomplete: str) -> Found:
    return [(name, words) for name, words in found if name.startswith(incomplete)]
