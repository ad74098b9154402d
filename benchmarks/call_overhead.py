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

from langchain_openai.chat_models.base import BaseChatOpenAI
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import SecretStr

from nsed.graphs.deliberation import create_deliberation
from nsed.models.hire import Hire
from nsed.nodes.prompt import fill
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

EXPERTS = ("ada", "bob", "cy")
ROUNDS = 3
PHASES = 2
CALLS = len(EXPERTS) * ROUNDS * PHASES
"""Calls of one run."""
TASK = "A shop sells pens at 3 dollars each. Tom buys 4. What does he pay?"
TARGET = 2.0

Side = Callable[[], Awaitable[object]]


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
    program = Path(__file__).parents[1] / "tests" / "loopback_provider.py"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        yield process.stdout.readline().strip()
        process.communicate()  # closes its input: it ends


async def measure(url: str, repeats: int, runs: int, *, profile: bool) -> None:
    """Let the sides take turns and print what a call of each costs."""
    hire = Hire()
    http = DefaultAsyncHttpxClient()
    sides: dict[str, Side] = {
        "bare openai client": bare_client(url, http),
        "chat model alone": chat_model(url, http),
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


def bare_client(url: str, http: DefaultAsyncHttpxClient) -> Side:
    """Make as many calls, as many at a time, with nothing around them."""
    client = AsyncOpenAI(base_url=url, api_key="none", http_client=http)

    async def call() -> str:
        reply = await client.chat.completions.create(
            model="any",
            messages=[
                {"role": "system", "content": fill("propose_system")},
                {"role": "user", "content": fill("propose", task=TASK)},
            ],
            max_tokens=512,
        )
        return reply.choices[0].message.content or ""

    return lambda: waves(call)


def chat_model(url: str, http: DefaultAsyncHttpxClient) -> Side:
    """Make the same calls through LangChain's chat model, to see its share."""
    model = BaseChatOpenAI(
        model="any",
        base_url=url,
        api_key=SecretStr("none"),
        http_async_client=http,
        max_retries=0,
    )

    async def call() -> str:
        turns = [
            ("system", fill("propose_system")),
            ("user", fill("propose", task=TASK)),
        ]
        return (await model.ainvoke(turns, max_tokens=512)).text

    return lambda: waves(call)


async def waves(call: Callable[[], Awaitable[str]]) -> None:
    """As the deliberation does: all experts of a phase at once, phase after phase."""
    for _ in range(ROUNDS * PHASES):
        await asyncio.gather(*(call() for _ in EXPERTS))


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
