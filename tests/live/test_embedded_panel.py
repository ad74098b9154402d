"""Real models on this machine, and what happens when their processes are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from nsed.models.embedded_expert import server_alias
from nsed.models.hire import Hire, weights_cache
from nsed.models.weights import locate
from nsed.models.weights_manifest import find_weight
from nsed.protocol.errors import QuorumError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.roster import EMBEDDED_ROSTER

pytestmark = [pytest.mark.live_weights, pytest.mark.timeout(300)]

QUESTION = "Tom has 4 pens and buys 3 more. How many pens has he now?"


def settings_for(**knobs: object) -> DeliberationConfig:
    """The two smallest of the roster, for one round."""
    small = tuple(e for e in EMBEDDED_ROSTER if e.name in ("qwen-0.5b", "smollm2"))
    return DeliberationConfig(
        experts=small, rounds=1, answer_kind="number", retry_wait_s=0, **knobs
    )


@pytest.fixture(autouse=True)
def _weights() -> None:
    for expert in settings_for().experts:
        if locate(find_weight(expert.model), cache_dir=weights_cache()) is None:
            pytest.skip(f"no weights: run `nsed models pull {expert.model}`")


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


async def server_of(hire: Hire, name: str) -> tuple[str, int]:
    """Start an expert's server; return its address and process."""
    expert = settings_for().expert(name)
    weight, cache = find_weight(expert.model), weights_cache()
    path = await asyncio.to_thread(lambda: locate(weight, cache_dir=cache))
    assert path is not None
    alias = server_alias(name, path, expert.context_tokens)
    url = await hire.pool.endpoint(path, alias, expert.context_tokens)
    return url, hire.pool.pids()[alias]


async def kill_at_work(url: str, pid: int) -> None:
    """Kill a server while it generates."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(3000):
            slots = (await client.get(f"{url.removesuffix('/v1')}/slots")).json()
            if any(slot["is_processing"] for slot in slots):
                os.kill(pid, signal.SIGKILL)
                return
            await asyncio.sleep(0.01)
    pytest.fail("the server never began to work")


async def run_and_kill(hire: Hire, config: DeliberationConfig, *names: str) -> Run:
    servers = [await server_of(hire, name) for name in names]
    run = Run(QUESTION, config, hire=hire)
    killers = [asyncio.create_task(kill_at_work(url, pid)) for url, pid in servers]
    async for _ in run.events():
        pass
    await asyncio.gather(*killers)
    return run


async def test_two_real_models_deliberate(hire: Hire) -> None:
    run = Run(QUESTION, settings_for(), hire=hire)
    async for _ in run.events():
        pass
    record = await run.record()

    assert record.verdict.answer
    assert record.verdict.usage.calls >= 4
    assert record.verdict.usage.estimated_calls == 0
    assert record.verdict.usage.usd == 0
    assert set(record.ballots) == {"r1.qwen-0.5b", "r1.smollm2"}
    assert {
        call.method for call in record.calls.values() if call.phase == "review"
    } == {"json_schema"}


async def test_an_expert_killed_while_it_proposes_is_a_named_absence(
    hire: Hire,
) -> None:
    run = await run_and_kill(hire, settings_for(retries=0), "smollm2")
    verdict = (await run.record()).verdict

    assert verdict.answer
    assert verdict.status == "degraded"
    assert ("smollm2", "propose", "connection") in [
        (a.expert, a.phase, a.kind) for a in verdict.absences
    ]
    assert any("smollm2 is missing" in note for note in verdict.notes)


async def test_a_retry_starts_a_killed_expert_anew(hire: Hire) -> None:
    run = await run_and_kill(hire, settings_for(retries=1), "smollm2")
    record = await run.record()

    assert record.calls["r1.propose.smollm2.1"].outcome == "connection"
    assert "r1.propose.smollm2.2" in record.calls
    assert ("smollm2", "propose", "connection") not in [
        (a.expert, a.phase, a.kind) for a in record.verdict.absences
    ]


async def test_all_experts_killed_is_a_clear_error(hire: Hire) -> None:
    with pytest.raises(QuorumError) as caught:
        await run_and_kill(hire, settings_for(retries=0), "smollm2", "qwen-0.5b")

    assert "smollm2: connection" in str(caught.value)
    assert "qwen-0.5b: connection" in str(caught.value)


def test_no_server_survives_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import asyncio, time\n"
        "from nsed.models.hire import Hire, weights_cache\n"
        "from nsed.models.weights import locate\n"
        "from nsed.models.weights_manifest import find_weight\n"
        "async def main():\n"
        "    hire = Hire()\n"
        "    path = locate(find_weight('smollm2-135m-instruct'),\n"
        "                  cache_dir=weights_cache())\n"
        "    await hire.pool.endpoint(path, 'smollm2', 1024)\n"
        "    print(hire.pool.pids()['smollm2'], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()

    for _ in range(3000):
        if not Path(f"/proc/{pid}").exists():
            return
        os.sched_yield()
        subprocess.run(["sleep", "0.01"], check=True)
    pytest.fail("the model server outlived its parent")
