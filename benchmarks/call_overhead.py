"""CPU time of one model call: a bare client, a chat model alone, the whole graph.

Every side asks the same loopback provider, which is another process, so that its
CPU time is not counted. Sides take turns in each repeat, because the machine is
shared and its speed drifts. Prompts, answers and concurrency are alike.

    python benchmarks/call_overhead.py [--repeats 7] [--runs 10] [--profile]
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_openai.chat_models.base import BaseChatOpenAI
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import SecretStr

from nsed.graphs.deliberation import create_deliberation
from nsed.models.hire import Hire
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from loopback_provider import Provider, always_new  # noqa: E402 - it stands there

EXPERTS = ("ada", "bob", "cy")
ROUNDS = 3
PHASES = 2
CALLS = len(EXPERTS) * ROUNDS * PHASES
"""Calls of one run."""
TASK = "A shop sells pens at 3 dollars each. Tom buys 4. What does he pay?"
TARGET = 2.0

Side = Callable[[], Awaitable[object]]
Bodies = list[dict[str, Any]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--runs", type=int, default=10, help="runs a repeat")
    parser.add_argument("--profile", action="store_true", help="of the graph")
    asked = parser.parse_args()
    with provider() as url:
        asyncio.run(measure(url, asked.repeats, asked.runs, profile=asked.profile))


@contextmanager
def provider() -> Iterator[str]:
    """Run the loopback provider of the tests as a process of its own."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(TESTS / "loopback_provider.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield process.stdout.readline().strip()
        process.communicate()  # closes its input: it ends


async def measure(url: str, repeats: int, runs: int, *, profile: bool) -> None:
    """Let the sides take turns and print what a call of each costs."""
    hire, http, bodies = Hire(), DefaultAsyncHttpxClient(), await recorded()
    sides: dict[str, Side] = {
        "bare openai client": bare_client(url, http, bodies),
        "chat model alone": chat_model(url, http, bodies),
        "whole deliberation": deliberation(url, hire),
    }
    for side in sides.values():  # imports, connections, caches
        await side()
    cpu: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            before = time.process_time()
            for _ in range(runs):
                await side()
            spent_ms = 1000 * (time.process_time() - before)
            cpu[name].append(spent_ms / runs / CALLS)
    bare = cpu["bare openai client"]
    print(f"CPU ms per model call; {repeats} repeats of {runs} x {CALLS} calls")
    for name, ms in cpu.items():
        ratio = statistics.median(a / b for a, b in zip(ms, bare, strict=True))
        middle = statistics.median(ms)
        spread = f"({min(ms):.2f} to {max(ms):.2f})"
        print(f"{name:20} {middle:6.2f} {spread:18} {ratio:5.2f} x bare")
    verdict = "met" if ratio <= TARGET else "missed"
    print(f"target: at most {TARGET} x bare: {verdict}")
    if profile:
        await profiled(sides["whole deliberation"], runs)
    await hire.aclose()
    await http.aclose()


async def profiled(side: Side, runs: int) -> None:
    """Show where the time of one side goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(runs):
        await side()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    pstats.Stats(profiler).sort_stats("cumtime").print_stats("nsed|main/|ainvoke")


def bare_client(url: str, http: DefaultAsyncHttpxClient, bodies: Bodies) -> Side:
    """Make the same calls, as many at a time, with nothing around them."""
    client = AsyncOpenAI(base_url=url, api_key="none", http_client=http)

    async def call(body: dict[str, Any]) -> None:
        reply = await client.chat.completions.create(**body)
        if not reply.choices[0].message.content:
            raise RuntimeError("the provider said nothing")

    return lambda: in_waves(call, bodies)


def chat_model(url: str, http: DefaultAsyncHttpxClient, bodies: Bodies) -> Side:
    """Make the same calls through LangChain's chat model, to see its share."""
    model = BaseChatOpenAI(
        model="any",
        base_url=url,
        api_key=SecretStr("none"),
        http_async_client=http,
        max_retries=0,
    )

    async def call(body: dict[str, Any]) -> None:
        more = {k: v for k, v in body.items() if k not in ("messages", "model")}
        if format_ := more.pop("response_format", None):
            more["extra_body"] = {"response_format": format_}
        if not (await model.ainvoke(body["messages"], **more)).text:
            raise RuntimeError("the provider said nothing")

    return lambda: in_waves(call, bodies)


async def in_waves(
    call: Callable[[dict[str, Any]], Awaitable[None]], bodies: Bodies
) -> None:
    """As the deliberation does: all experts of a phase at once, phase after phase."""
    for start in range(0, CALLS, len(EXPERTS)):
        await asyncio.gather(*map(call, bodies[start : start + len(EXPERTS)]))


async def recorded() -> Bodies:
    """Run the deliberation once and note what it sends, in its order."""
    hire = Hire()
    with Provider() as provider:
        provider.answers["*"] = always_new()
        await deliberation(provider.url, hire)()
        await hire.aclose()
    return [seen.body for seen in provider.seen]


def deliberation(url: str, hire: Hire) -> Side:
    """Run the whole loop, to its last round."""
    context = DeliberationConfig(
        experts=tuple(
            ExpertConfig(name=name, model=f"model-{name}", base_url=url)
            for name in EXPERTS
        ),
        rounds=ROUNDS,
        effort=10,
    )
    graph = create_deliberation(hire=hire).compile()

    async def run() -> None:
        state = await graph.ainvoke({"task": TASK}, context=context)
        made = state["verdict"].usage.calls
        if made != CALLS:
            message = f"expected {CALLS} calls, the run made {made}"
            raise RuntimeError(message)

    return run


if __name__ == "__main__":
    main()
