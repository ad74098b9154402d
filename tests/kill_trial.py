"""One kill trial: a run that is killed, perhaps more than once, and taken up again.

Every process is a fork of this one, so that it need not import everything again; it
has its own event loop, clients and connections, and dies by SIGKILL.
"""

import asyncio
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Self

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"  # read when langgraph is imported

from nsed.checkpoints import open_checkpoints
from nsed.models.hire import Hire
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig
from nsed.state.run_record import RunRecord

__all__ = ["CountingProvider", "Outcome", "trial"]

EXPERTS = ("ada", "bob", "cy")
MOST_KILLS = 3
LOADED_LATE = (
    "nsed.models.openai_chat",
    "langgraph.checkpoint.sqlite.aio",
    "langgraph.checkpoint.postgres.aio",
    "openai.resources.chat.completions",
)
"""Imported when needed; here before the fork, or most kills would hit imports."""
COMPARED = ("teams", "proposals", "ballots", "tallies", "memories", "absences")
OF_VERDICT = (
    *("status", "answer", "text", "proposal", "stop_reason", "commit_type"),
    *("conviction", "rounds"),
)


for _name in LOADED_LATE:
    with suppress(ImportError):
        import_module(_name)


class CountingProvider:
    """`kill_provider.py` as a process of its own, and what it told."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.told: list[dict[str, Any]] = []
        self._rest = b""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("kill_provider.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.root = self._process.stdout.readline().decode().strip().removesuffix("/v1")
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def hear(self, wait_s: float) -> list[dict[str, Any]]:
        """What was told since, after waiting for it so long at most."""
        select.select([self._pipe], [], [], max(0.0, wait_s))
        found = []
        try:
            while chunk := os.read(self._pipe, 65536):
                self._rest += chunk
        except BlockingIOError:
            pass
        *lines, self._rest = self._rest.split(b"\n")
        found = [json.loads(line) for line in lines]
        self.told += found
        return found

    def of(self, trial: str) -> list[dict[str, Any]]:
        """All that concerns one trial."""
        return [event for event in self.told if event["trial"] == trial]


@dataclass
class Outcome:
    """What came of one trial."""

    kills: Counter[str] = field(default_factory=Counter)
    """By what the run was at."""
    same: bool = True
    """Whether verdict, votes and memory are those of the undisturbed run."""
    lost: bool = False
    """Whether no process could finish it."""
    killed_at: dict[float, str] = field(default_factory=dict)
    """Unix times in seconds, and what chose them: `time` or `event`."""
    cut_in_flight: int = 0
    """Answers that the provider sent to a process that was dead by then."""
    cut_in_window: Counter[str] = field(default_factory=Counter)
    """Answers that went out before the kill, and were not on file yet; by what chose
    the moment of the kill."""
    resent: int = 0
    """Calls that were sent again though their answer was on file."""
    unbilled: int = 0
    """Requests the provider saw that the record does not hold."""
    calls_lost: int = 0
    """Calls in the record whose fate is not known, since their process was killed."""
    seconds: float = 0.0


def settings(url: str) -> DeliberationConfig:
    """Three experts at the counting provider; no run of them ends early.

    Further calls are plenty: a failure that only a first request meets may be met by
    one that is lost, and must not leave more for the others.
    """
    return DeliberationConfig(
        experts=tuple(
            ExpertConfig(
                name=name,
                model=name,
                base_url=url,
                usd_per_mtok_input=1,
                usd_per_mtok_output=2,
                ballots="json_schema",
            )
            for name in EXPERTS
        ),
        rounds=2,
        effort=10,
        retries=2,
        retry_wait_s=0,
        retry_budget=10,
        patience_s=60,
    )


async def run_to_the_end(where: str, run_id: str, task: str, url: str) -> RunRecord:
    """Begin the run, or go on with it: all a process does."""
    hire = Hire()
    try:
        async with open_checkpoints(where) as checkpoints:
            assert checkpoints is not None
            known = await checkpoints.log.known()
            (config,) = [run.config for run in known if run.id == run_id] or [
                settings(url)
            ]
            run = Run(task, config, hire=hire, run_id=run_id, checkpoints=checkpoints)
            async for _ in run.events():
                pass
            return await run.record()
    finally:
        await hire.aclose()


def process(where: str, run_id: str, task: str, url: str, out: Path) -> int:
    """Fork a process that runs; returns its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        record = asyncio.run(run_to_the_end(where, run_id, task, url))
        partial = out.with_suffix(".part")
        partial.write_text(record.model_dump_json())
        partial.rename(out)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def finished(child: int) -> bool:
    """Whether the process has ended; collects it."""
    return os.waitpid(child, os.WNOHANG) != (0, 0)


def trial(
    number: int, seed: int, provider: CountingProvider, where: str, folder: Path
) -> Outcome:
    """Run undisturbed, then again with kills, and compare."""
    began = time.monotonic()
    rng = random.Random(f"{seed}.{number}")
    task, out = f"Trial {seed}.{number}: how many?", folder / f"{number}.json"
    plain, killed = f"{seed}-{number}-plain", f"{seed}-{number}-killed"
    child = process(where, plain, task, f"{provider.root}/{plain}/v1", out)
    os.waitpid(child, 0)
    took_s = time.monotonic() - began
    provider.hear(0.2)
    events = len(provider.of(plain))
    expected = RunRecord.model_validate_json(out.read_text())
    out.unlink()
    found = Outcome()
    for _ in range(MOST_KILLS):
        url = f"{provider.root}/{killed}/v1"
        child = process(where, killed, task, url, out)
        if not _kill_some_time(
            child, rng, provider, found, took_s=took_s, events=events
        ):
            break
        if rng.random() < 0.5:
            break
    if not out.exists():
        child = process(where, killed, task, f"{provider.root}/{killed}/v1", out)
        os.waitpid(child, 0)
    provider.hear(0.0)
    if out.exists():
        record = RunRecord.model_validate_json(out.read_text())
        found.same = _same(record, expected)
        _count(found, record, provider.of(killed))
    else:
        found.lost, found.same = True, False
    found.seconds = time.monotonic() - began
    return found


def _kill_some_time(
    child: int,
    rng: random.Random,
    provider: CountingProvider,
    found: Outcome,
    *,
    took_s: float,
    events: int,
) -> bool:
    """Kill it at a random time, or after a random event; False if it was done first."""
    by_time = rng.random() < 0.5
    after_s, after_events = rng.uniform(0, took_s), rng.randint(1, events)
    breath_s = 0.0 if by_time else rng.uniform(0, 0.02)
    until, heard, last, at_work = time.monotonic() + after_s, 0, "", 0
    while not finished(child):
        left_s = until - time.monotonic()
        for event in provider.hear(min(0.01, left_s) if by_time else 0.01):
            heard += 1
            last = event["phase"]
            at_work += 1 if event["event"] == "received" else -1
        if by_time and left_s > 0:
            continue
        if not by_time and heard < after_events:
            continue
        if breath_s:
            time.sleep(breath_s)
        os.kill(child, signal.SIGKILL)
        found.killed_at[time.time()] = "time" if by_time else "event"
        os.waitpid(child, 0)
        phase = f"{last}, calls at work" if at_work else f"after {last}" if last else ""
        found.kills[phase or "before the first call"] += 1
        return True
    return False


def _same(record: RunRecord, expected: RunRecord) -> bool:
    def essence(of: RunRecord) -> object:
        whole = of.model_dump(mode="json", include={"verdict", *COMPARED})
        whole["verdict"] = {key: whole["verdict"][key] for key in OF_VERDICT}
        for team in whole["teams"].values():
            team["started_at"] = 0
        return whole

    return essence(record) == essence(expected)


def _count(found: Outcome, record: RunRecord, told: list[dict[str, Any]]) -> None:
    """Hold what the provider saw against what the record says was paid for."""
    good = [e for e in told if e["event"] == "answered" and e["status"] == 200]
    again: Counter[str] = Counter()
    for answer in reversed(good):
        again[answer["call"]] += 1
        if again[answer["call"]] > 1:  # a later one was needed: this one went nowhere
            sent = max(
                e["t"]
                for e in told
                if (e["event"], e["call"]) == ("received", answer["call"])
                and e["t"] <= answer["t"]
            )
            # The provider may read the last request of a process after its death.
            killed = min((at for at in found.killed_at if at >= sent), default=0.0)
            if answer["t"] <= killed:
                found.cut_in_window[found.killed_at[killed]] += 1
            else:
                found.cut_in_flight += 1
    calls = record.calls.values()
    found.calls_lost = sum(call.outcome == "lost" for call in calls)
    received = sum(event["event"] == "received" for event in told)
    found.unbilled = max(0, received - len(record.calls))
    # What is on file with its end is in the record as what it was. So what was answered
    # beyond the record's own answers must be among the calls that it says were lost.
    kept = sum(call.reply != "" for call in calls)
    found.resent = max(0, len(good) - kept - found.calls_lost)
