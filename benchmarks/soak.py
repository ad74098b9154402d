"""Soak: many experts, a provider full of faults, for a long time. What grows?

Deliberations follow each other, a few at a time; a share of the provider's answers
are faults of every kind (`tests/provider_faults.py`), some experts are hedged, and
stragglers are cut off. The provider is another process. Printed are memory, open
files, sockets, tasks and threads of this one.

    python benchmarks/soak.py --minutes 30 [--faults 0.15] [--experts 24] [--seed 0]
"""

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nsed.models.hire import Hire
from nsed.protocol.errors import NsedError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

PROVIDER = Path(__file__).parents[1] / "tests" / "loopback_provider.py"
AT_ONCE = 2
SAMPLES = 12
PAGE = os.sysconf("SC_PAGE_SIZE")
GROWTH = 1.10
"""More memory at the end than in the middle, by this factor, is a leak."""
OWN_SOCKETS = 2
"""The event loop's pair, open while it runs."""


def main() -> None:
    """Run, print, and exit 1 if something grew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--experts", type=int, default=24)
    parser.add_argument("--faults", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with provider(asked.faults, asked.seed) as url:
        grew = asyncio.run(soak(url, 60 * asked.minutes, asked.experts))
    sys.exit(grew)


@contextmanager
def provider(faults: float, seed: int) -> Iterator[str]:
    """Start the provider and give its URL."""
    command = [sys.executable, str(PROVIDER), "--latency", "0.02"]
    command += ["--faults", str(faults), "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()


@dataclass
class Seen:
    """What came of the runs so far."""

    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    questions: int = 0
    late: int = 0


@dataclass(frozen=True)
class Sample:
    """What this process holds."""

    rss_mb: float
    files: int
    sockets: int
    tasks: int
    threads: int


def sample() -> Sample:
    """Look."""
    gc.collect()
    held = [_target(fd) for fd in Path("/proc/self/fd").iterdir()]
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Sample(
        rss_mb=pages * PAGE / 2**20,
        files=len(held),
        sockets=sum(target.startswith("socket:") for target in held),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
    )


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:  # the listing's own
        return ""


async def soak(url: str, seconds: float, experts: int) -> bool:
    """Deliberate until the time is up; say whether memory or sockets grew."""
    hire, seen, samples = Hire(), Seen(), []
    config, began = settings(url, experts), time.monotonic()
    print(f"{experts} experts, {AT_ONCE} runs at a time, {seconds / 60:g} minutes")
    print("   min   RSS MB  files  sockets  tasks  threads   runs   calls")
    try:
        await play(config, hire, seen)  # imports, clients, connections
        for step in range(SAMPLES + 1):
            until = began + seconds * step / SAMPLES
            while time.monotonic() < until:
                await asyncio.gather(
                    *(play(config, hire, seen) for _ in range(AT_ONCE))
                )
            samples.append(sample())
            show(samples[-1], time.monotonic() - began, seen)
    finally:
        await hire.aclose()
    await asyncio.sleep(0.5)  # connections close
    print("closed:")
    show(end := sample(), time.monotonic() - began, seen)
    print(f"verdicts: {dict(seen.statuses)}; runs over their deadline: {seen.late}")
    print(f"absences: {dict(seen.kinds.most_common())}")
    print(f"calls: {seen.calls / max(1, seen.questions):.3f} a question")
    middle, last = samples[len(samples) // 2], samples[-1]
    grew = last.rss_mb > GROWTH * middle.rss_mb or end.sockets > OWN_SOCKETS
    print(
        f"{'GREW' if grew else 'nothing grew'}: RSS {middle.rss_mb:.0f} MB in the "
        f"middle, {last.rss_mb:.0f} MB at the end; {end.sockets} sockets after closing"
    )
    return grew


async def play(config: DeliberationConfig, hire: Hire, seen: Seen) -> None:
    """One deliberation."""
    run = Run("What is 4 * 2?", config, hire=hire)
    try:
        async for _ in run.events():
            pass
    except NsedError:
        pass  # its record says it
    record = await run.record()
    seen.statuses[record.verdict.status] += 1
    seen.kinds.update(absence.kind for absence in record.absences.values())
    seen.calls += len(record.calls)
    seen.questions += sum(call.attempt == 1 for call in record.calls.values())
    seen.late += record.verdict.seconds > (config.deadline_s or 0) + 1


def settings(url: str, experts: int) -> DeliberationConfig:
    """A large panel; every third expert has a second endpoint."""
    return DeliberationConfig(
        experts=tuple(
            ExpertConfig(
                name=f"e{number}",
                model=f"m{number}",
                base_url=url,
                hedge_base_url=None if number % 3 else url,
                ballots="json_schema",
                usd_per_mtok_input=1,
                usd_per_mtok_output=4,
            )
            for number in range(experts)
        ),
        broker="fixed",
        rounds=2,
        reviews_per_proposal=3,
        quorum=2,
        effort=10,
        call_timeout_s=3,
        propose_timeout_s=8,
        review_timeout_s=8,
        deadline_s=30,
        straggler_factor=4,
        straggler_min_s=2,
        hedge_after_s=0.5,
        retry_wait_s=0.05,
        max_usd=50,
    )


def show(now: Sample, seconds: float, seen: Seen) -> None:
    """One line."""
    runs = sum(seen.statuses.values())
    print(
        f"{seconds / 60:6.1f} {now.rss_mb:8.1f} {now.files:6} {now.sockets:8} "
        f"{now.tasks:6} {now.threads:8} {runs:6} {seen.calls:7}",
        flush=True,
    )


if __name__ == "__main__":
    main()
