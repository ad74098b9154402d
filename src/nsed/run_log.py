"""The log of runs: which there are, what each was asked, and every call it made."""

import json
import logging
import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

from nsed.known_run import KnownRun, RunEnd, RunState
from nsed.models.call_log import Ended, LoggedCall
from nsed.models.failures import redact
from nsed.protocol.errors import ConfigError
from nsed.run_tables import RunTables

__all__ = ["RunCalls", "RunLog"]

_RUNS = """CREATE TABLE IF NOT EXISTS nsed_runs (
    id TEXT PRIMARY KEY,
    begun_at DOUBLE PRECISION NOT NULL,
    known TEXT NOT NULL
)"""
_CALLS = """CREATE TABLE IF NOT EXISTS nsed_calls (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    sent_at DOUBLE PRECISION NOT NULL,
    ended TEXT,
    PRIMARY KEY (run, number)
)"""

_OWNER = '"owner": '

_log = logging.getLogger(__name__)


@dataclass
class RunLog:
    """What is on file of all runs, beside their checkpoints."""

    tables: RunTables

    async def set_up(self) -> None:
        """Make the tables; by one process at a time."""
        for statement in (_RUNS, _CALLS):
            await self.tables.run(statement)

    async def begin(self, run: KnownRun) -> None:
        """Put a run on file; one that is there already stays as it is."""
        await self.tables.run(
            "INSERT INTO nsed_runs (id, begun_at, known) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            run.id,
            run.begun_at,
            run.to_json(),
        )

    async def note(self, id_: str, state: RunState, end: RunEnd) -> None:
        """Say how far a run came. Calls of one that is over are kept no longer."""
        (run,) = await self._where("id = ?", id_)
        known = run.model_copy(update={"state": state, "end": end})
        await self.tables.run(
            "UPDATE nsed_runs SET known = ? WHERE id = ?", known.to_json(), id_
        )
        if state in ("finished", "failed"):
            await self.tables.run("DELETE FROM nsed_calls WHERE run = ?", id_)

    async def known(
        self, most: int = 1000, *, owner: str | None = None
    ) -> list[KnownRun]:
        """The latest runs, of one owner or of all, the newest first."""
        if owner is None:
            return await self._where("? < begun_at", 0, most=most)
        # No text in there looks so: within one, a quotation mark is escaped. A name in
        # the settings may, which is why more are read if some were another's.
        named, values = (
            "replace(known, ?, '') <> known",
            [f"{_OWNER}{json.dumps(owner)}"],
        )
        if not owner:  # older versions did not write it
            named = f"({named} OR replace(known, ?, '') = known)"
            values.append(_OWNER)
        found: list[KnownRun] = []
        before = math.inf
        while len(found) < most:
            condition = f"{named} AND begun_at < ?"
            some = await self._where(condition, *values, before, most=most)
            found += [run for run in some if run.owner == owner]
            if len(some) < most:
                break
            before = some[-1].begun_at
        return found[:most]

    async def get(self, id_: str) -> KnownRun | None:
        """The run with this id."""
        return next(iter(await self._where("id = ?", id_)), None)

    async def find(self, prefix: str) -> KnownRun:
        """The run whose id begins so.

        Raises:
            ConfigError: There is none, or there are several.
        """
        length = len(prefix)
        found = await self._where(
            "substr(id, 1, CAST(? AS INTEGER)) = ?", length, prefix, most=5
        )
        exact = [run for run in found if run.id == prefix]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise ConfigError(f"no run begins with {prefix!r}; `nsed runs` lists them")
        ids = ", ".join(run.id[: length + 4] for run in found)
        raise ConfigError(f"several runs begin with {prefix!r}: {ids}, …; say more")

    async def is_held(self, id_: str) -> bool:
        """Whether a process is at work at a run."""
        if not await self.tables.hold(id_):
            return True
        await self.tables.release(id_)
        return False

    async def forget(self, id_: str) -> None:
        """Take a run off the file."""
        await self.tables.run("DELETE FROM nsed_calls WHERE run = ?", id_)
        await self.tables.run("DELETE FROM nsed_runs WHERE id = ?", id_)

    async def _where(
        self, condition: str, *values: object, most: int = 1
    ) -> list[KnownRun]:
        rows = await self.tables.run(
            f"SELECT known FROM nsed_runs WHERE {condition} "  # noqa: S608 - ours
            "ORDER BY begun_at DESC LIMIT ?",
            *values,
            most,
        )
        return [KnownRun.from_json(text) for (text,) in rows]


@dataclass
class RunCalls:
    """The calls of one run, as `nsed.models.call_log.CallLog` wants them.

    A log that fails costs a warning, never the run.
    """

    tables: RunTables
    run: str
    last_at: float = 0.0
    """Unix time of the latest call on file when it was loaded; 0 if there is none."""
    _earlier: dict[str, deque[LoggedCall]] = field(default_factory=dict)
    _count: int = 0
    _warned: bool = False

    @property
    def made(self) -> int:
        """How many calls this run has made, those of earlier processes included."""
        return self._count

    async def load(self) -> None:
        """Read what earlier processes noted."""
        earlier: dict[str, deque[LoggedCall]] = defaultdict(deque)
        for number, key, sent_at, ended in await self.tables.run(
            "SELECT number, key, sent_at, ended FROM nsed_calls WHERE run = ? "
            "ORDER BY number",
            self.run,
        ):
            call = LoggedCall(sent_at, Ended.from_json(ended) if ended else None)
            earlier[key].append(call)
            self.last_at = max(self.last_at, call.ended.at if call.ended else sent_at)
            self._count = number
        self._earlier = dict(earlier)

    def take(self, key: str) -> LoggedCall | None:
        """The next of the calls with this key that earlier processes made; once."""
        waiting = self._earlier.get(key)
        return waiting.popleft() if waiting else None

    async def sent(self, key: str) -> int:
        """Note that a call is made."""
        self._count += 1
        number = self._count
        await self._tried(
            "INSERT INTO nsed_calls (run, number, key, sent_at) VALUES (?, ?, ?, ?)",
            self.run,
            number,
            key,
            time.time(),
        )
        return number

    async def ended(self, number: int, ended: Ended) -> None:
        """Note how it ended."""
        await self._tried(
            "UPDATE nsed_calls SET ended = ? WHERE run = ? AND number = ?",
            ended.to_json(),
            self.run,
            number,
        )

    async def _tried(self, statement: str, *values: object) -> None:
        try:
            await self.tables.run(statement, *values)
        # Nothing but the database can fail in there: what it raises is its own.
        except Exception as error:  # noqa: BLE001
            if not self._warned:
                words = redact(f"{type(error).__name__}: {error}")
                _log.warning("calls are not on file, the run goes on: %s", words)
            self._warned = True
