"""The record of a run that is kept, as far as it came."""

import asyncio
from pathlib import Path

from nsed.cli.kept import kept_run, kept_runs, runs_place
from nsed.cli.run_list import listed
from nsed.known_run import SHORT_ID
from nsed.state.run_record import RunRecord

__all__ = ["stored_record"]


def stored_record(prefix: str, config: Path | None) -> tuple[RunRecord, str]:
    """Its record, and in words how it stands if it has come to no verdict.

    Raises:
        ConfigError: There is no such run, or runs cannot be read.
    """
    where = runs_place(config)

    async def read() -> tuple[RunRecord, str]:
        async with kept_runs(where) as place:
            known = await place.log.find(prefix)
            record = await kept_run(place, known).record_so_far()
            state, short = (await listed(place, known)).state, known.id[:SHORT_ID]
        words = {
            "failed": f"failed: {known.end.reason}",
            "running": "running: a process is at work at it",
            "interrupted": f"interrupted; nsed resume {short} goes on with it",
            "waiting for you": f"waiting for you; nsed resume {short} goes on with it",
        }
        return record, words.get(state, "")

    return asyncio.run(read())
