"""Two keys hammer a real server at the same time: do the limits hold, what does it add?

`nsed serve` runs as one process and a provider that takes 100 ms a call as another.
Key `ann` may spend much, and have two runs at one time for every five requests; key
`ben` may spend little. Asserted are: no key spends more than its budget, the provider
never sees more calls at one time than the keys' limits allow, every reply holds the
marker of its own question and no other, and whoever is refused is told so in OpenAI's
shape. Reported are latency above the critical path (two phases of one provider call
each; the experts queue nothing) and the CPU time of the server for each run.

    python benchmarks/server_load.py [--requests 200] [--latency 0.1] [--experts 2]
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from loopback_provider import Provider  # noqa: E402 - it stands there
from provider_script import Answer, Seen  # noqa: E402
from server_process import Served, nsed, pool_of, server_process  # noqa: E402

MARKER = re.compile(r"M-[a-z]+-\d+-E")
PHASES = 2
OK = 200
BEN_USD, BEN_RUN_USD = 0.05, 0.01
BEN_AT_ONCE = 5
"""What so much money comes to: so many runs may each set their share aside."""


@dataclass(frozen=True)
class Reply:
    """One request, as it went."""

    key: str
    number: int
    status: int
    text: str
    seconds: float


def main() -> None:
    """Measure and print; an assertion that fails is a finding."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--experts", type=int, default=2)
    parser.add_argument("--provider", action="store_true", help="be the provider")
    asked = parser.parse_args()
    if asked.provider:
        echo(asked.latency)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), asked.requests, asked.latency, asked.experts)


def echo(latency_s: float) -> None:
    """Answer with the marker of the question, until stdin closes."""

    def answer(seen: Seen) -> Answer:
        if seen.schema:
            return Answer()
        found = MARKER.findall(json.dumps(seen.body["messages"]))
        return Answer(f"Answer: {' '.join(dict.fromkeys(found)) or 'none'}")

    with Provider(latency_s=latency_s, keep=10) as provider:
        provider.answers["*"] = answer
        print(provider.url, flush=True)
        sys.stdin.read()
        print(provider.peak)


@contextmanager
def provider_process(latency_s: float) -> Iterator[tuple[str, list[int]]]:
    """Run the provider as a process of its own, so that its CPU is not counted.

    Gives its URL, and a list that afterwards holds the most calls it had at one time.
    """
    peak: list[int] = []
    command = [sys.executable, __file__, "--provider", "--latency", str(latency_s)]
    with subprocess.Popen(  # noqa: S603 - this program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield process.stdout.readline().strip(), peak
        peak.append(int(process.communicate()[0]))


def run(folder: Path, requests: int, latency_s: float, experts: int) -> None:
    """Start both, ask, check, print."""
    ann_at_once = 2 * requests // 5
    keys = {
        "ann": {"budget_usd": 1000.0, "usd_per_run": 1.0, "concurrent": ann_at_once},
        "ben": {"budget_usd": BEN_USD, "usd_per_run": BEN_RUN_USD},
    }
    more = "[deliberation]\nrounds = 1\nanswer_tokens = 256\n"
    with provider_process(latency_s) as (url, peak):
        config = pool_of(url, experts=experts, concurrency=1000, more=more)
        with server_process(folder, config, "--quiet", keys=keys) as here:
            asyncio.run(crowd(here, ["ann"], 5, at_once=1))  # imports, connections
            cpu = cpu_s(here.process.pid)
            alone = asyncio.run(crowd(here, ["ann"], 20, at_once=1))
            cpu_alone = cpu_s(here.process.pid) - cpu
            cpu = cpu_s(here.process.pid)
            begun = time.perf_counter()
            many = asyncio.run(crowd(here, ["ann", "ben"], requests, at_once=requests))
            wall = time.perf_counter() - begun
            cpu_many = cpu_s(here.process.pid) - cpu
            code, log = here.end()
        spent = accounts(folder, keys)
    check(many, spent, log, code)
    most = experts * (ann_at_once + BEN_AT_ONCE)
    _require(peak[0] <= most, f"{peak[0]} calls at one time, at most {most} are due")
    critical = PHASES * latency_s
    report("one after the other", alone, critical, cpu_alone)
    report(f"{requests} at once, two keys", many, critical, cpu_many)
    print(
        f"wall {wall:.2f} s; statuses {dict(Counter(r.status for r in many))}; "
        f"most calls at one time {peak[0]} of {most}; spent ann {spent['ann']:.6f} "
        f"USD, ben {spent['ben']:.6f} of {BEN_USD} USD"
    )


async def crowd(
    here: Served, names: Sequence[str], requests: int, *, at_once: int
) -> list[Reply]:
    """Ask in turn with each key, so many at one time."""
    places = asyncio.Semaphore(at_once)
    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(
        base_url=here.url, timeout=120, limits=limits, trust_env=False
    ) as client:

        async def one(number: int) -> Reply:
            name = names[number % len(names)]
            words = f"Say M-{name}-{number}-E and nothing else."
            body = {"model": "nsed", "messages": [{"role": "user", "content": words}]}
            headers = {"authorization": f"Bearer {here.keys[name]}"}
            async with places:
                begun = time.perf_counter()
                reply = await client.post(
                    "/v1/chat/completions", json=body, headers=headers
                )
                seconds = time.perf_counter() - begun
            return Reply(name, number, reply.status_code, reply.text, seconds)

        return await asyncio.gather(*(one(n) for n in range(requests)))


def check(replies: list[Reply], spent: dict[str, float], log: str, code: int) -> None:
    """Raise AssertionError where a limit did not hold or something leaked."""
    for reply in replies:
        mine = f"M-{reply.key}-{reply.number}-E"
        if reply.status == OK:
            _require(set(MARKER.findall(reply.text)) == {mine}, f"{mine}: {reply.text}")
        else:
            _require(reply.status == 429, reply.text)  # noqa: PLR2004
            _require(not MARKER.search(reply.text), reply.text)
            said = json.loads(reply.text)["error"]["code"]
            _require(said in ("rate_limit_exceeded", "insufficient_quota"), said)
    served = Counter(reply.key for reply in replies if reply.status == OK)
    _require(0 < spent["ben"] <= BEN_USD, f"ben spent {spent['ben']}")
    _require(served["ben"] > 0, "ben was never served")
    _require(served["ann"] > 0, "ann was never served")
    _require("Traceback" not in log and not MARKER.search(log), log)
    _require(code == 0, f"exit code {code}")


def accounts(folder: Path, keys: dict[str, dict[str, float]]) -> dict[str, float]:
    """What each key has spent, as the program says; nothing is left set aside."""
    listed = json.loads(nsed(folder, "keys", "list", "--json"))
    _require({key["name"] for key in listed} == set(keys), str(listed))
    _require(all(key["set_aside_usd"] == 0 for key in listed), str(listed))
    return {key["name"]: key["spent_usd"] for key in listed}


def report(what: str, replies: list[Reply], critical_s: float, cpu: float) -> None:
    """Print latency above the critical path of those that were served."""
    served = [reply for reply in replies if reply.status == OK]
    over = sorted(reply.seconds - critical_s for reply in served)
    if not over:
        return

    def at(share: float) -> float:
        return 1000 * over[min(len(over) - 1, int(share * len(over)))]

    print(
        f"{what}: n {len(over)}, above {1000 * critical_s:.0f} ms: median "
        f"{at(0.5):.0f} ms, p95 {at(0.95):.0f} ms, most {at(1):.0f} ms; server CPU "
        f"{1000 * cpu / len(over):.1f} ms a run served"
    )


def cpu_s(pid: int) -> float:
    """User and system seconds of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / 100


def _require(so: bool, otherwise: str) -> None:  # noqa: FBT001
    if not so:
        raise AssertionError(otherwise)


if __name__ == "__main__":
    main()
