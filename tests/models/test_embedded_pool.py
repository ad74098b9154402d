"""Embedded servers: started once when asked for, restarted when dead, never orphans."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from nsed.models.embedded_pool import EmbeddedPool
from nsed.protocol.errors import ConfigError, ExpertError

from .embedded import ALIAS, CONTEXT, ask, gone, runs, until_busy


async def test_without_xllamacpp_it_says_what_to_install(
    pool: EmbeddedPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    with pytest.raises(ConfigError, match=r"pip install 'nsed\[local\]'"):
        await pool.endpoint(tmp_path / "x.gguf", ALIAS, CONTEXT)


async def test_a_file_that_is_no_model_is_reported_with_the_engines_words(
    pool: EmbeddedPool, tmp_path: Path
) -> None:
    pytest.importorskip("xllamacpp")
    broken = tmp_path / "broken.gguf"
    await asyncio.to_thread(broken.write_bytes, b"not a model")

    with pytest.raises(
        ExpertError, match=r"broken\.gguf\) died .*exit code 1.*magic"
    ) as caught:
        await pool.endpoint(broken, ALIAS, CONTEXT)

    assert caught.value.kind == "model_gone"
    assert "\n" not in str(caught.value)
    assert pool.pids() == {}


async def test_a_server_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    pool = EmbeddedPool(start_timeout_s=0.01)

    with pytest.raises(ExpertError, match=r"was not ready within 0\.01 s"):
        await pool.endpoint(tmp_path / "x.gguf", ALIAS, CONTEXT)

    assert pool.pids() == {}
    pool.close()


async def test_a_closed_pool_starts_nothing(pool: EmbeddedPool, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    pool.close()
    pool.close()

    with pytest.raises(ExpertError, match="pool of embedded models is closed"):
        await pool.endpoint(tmp_path / "x.gguf", ALIAS, CONTEXT)


async def test_generations_are_limited_over_the_whole_pool() -> None:
    pool = EmbeddedPool(max_generations=1)

    async with pool.generation_slot():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), pool.generation_slot():
                pass
    async with asyncio.timeout(5), pool.generation_slot():
        pass


@pytest.mark.live_weights
async def test_callers_in_several_loops_start_one_server(
    pool: EmbeddedPool, smollm2: Path
) -> None:
    def in_its_own_loop() -> str:
        return asyncio.run(pool.endpoint(smollm2, ALIAS, CONTEXT))

    urls = await asyncio.gather(
        *(asyncio.to_thread(in_its_own_loop) for _ in range(3)),
        pool.endpoint(smollm2, ALIAS, CONTEXT),
    )

    assert len(set(urls)) == 1
    assert await asyncio.to_thread(children_serving) == list(pool.pids().values())


@pytest.mark.live_weights
async def test_an_alias_stands_for_one_file_and_context(
    pool: EmbeddedPool, smollm2: Path
) -> None:
    await pool.endpoint(smollm2, ALIAS, CONTEXT)

    with pytest.raises(ConfigError, match=r"'smollm2' already runs with .* 512 tokens"):
        await pool.endpoint(smollm2, ALIAS, 2 * CONTEXT)


@pytest.mark.live_weights
async def test_a_death_is_seen_by_the_caller_and_healed_by_the_next(
    pool: EmbeddedPool, smollm2: Path
) -> None:
    url = await pool.endpoint(smollm2, ALIAS, CONTEXT)
    first = pool.pids()[ALIAS]
    in_flight = asyncio.create_task(ask(url, "Tell a long story.", max_tokens=400))
    await until_busy(url)

    os.kill(first, signal.SIGKILL)
    with pytest.raises(httpx.TransportError):
        await in_flight
    assert await asyncio.to_thread(gone, first)
    url = await pool.endpoint(smollm2, ALIAS, CONTEXT)

    assert pool.pids()[ALIAS] != first
    assert await ask(url, "Name a colour.")


@pytest.mark.live_weights
async def test_close_leaves_no_process(pool: EmbeddedPool, smollm2: Path) -> None:
    await pool.endpoint(smollm2, ALIAS, CONTEXT)
    pid = pool.pids()[ALIAS]

    pool.close()

    assert not await asyncio.to_thread(runs, pid)
    assert pool.pids() == {}


@pytest.mark.live_weights
async def test_close_ends_a_start_that_is_under_way(
    pool: EmbeddedPool, smollm2: Path
) -> None:
    starting = asyncio.create_task(pool.endpoint(smollm2, ALIAS, CONTEXT))
    while not pool.pids():  # noqa: ASYNC110 - another process has no event to wait for
        await asyncio.sleep(0.005)
    pid = pool.pids()[ALIAS]

    pool.close()

    with pytest.raises(ExpertError, match="died while it started"):
        await asyncio.wait_for(starting, timeout=10)
    assert not await asyncio.to_thread(runs, pid)


@pytest.mark.live_weights
async def test_a_forgotten_pool_takes_its_servers_along(smollm2: Path) -> None:
    pool = EmbeddedPool()
    await pool.endpoint(smollm2, ALIAS, CONTEXT)
    pid = pool.pids()[ALIAS]

    del pool

    assert await asyncio.to_thread(gone, pid)


def children_serving() -> list[int]:
    """Return the ids of this process's children that serve a model."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            serves = b"embedded_server" in (stat.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and serves:
            found.append(int(stat.parent.name))
    return found
