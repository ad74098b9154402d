"""The child process: it serves what it was told to, and never outlives its parent."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from nsed.models.embedded_pool import EmbeddedPool

from .embedded import ALIAS, CONTEXT, ask, gone, runs

# A program that uses the pool, says which server it started, and does what it is told.
PARENT = """
import asyncio, os, sys, threading, time
from pathlib import Path
from nsed.models.embedded_pool import EmbeddedPool

pool = EmbeddedPool()
start = pool.endpoint(Path(sys.argv[1]), "smollm2", 512)
if sys.argv[2] == "while it loads":
    threading.Thread(target=asyncio.run, args=(start,)).start()
    while not pool.pids():
        time.sleep(0.001)
else:
    asyncio.run(start)
forked = os.fork() if sys.argv[2] == "with a fork" else -1
if forked == 0:
    time.sleep(60)
    os._exit(0)
print(pool.pids()["smollm2"], forked, flush=True)
if sys.argv[2] != "just ends":
    time.sleep(60)
"""


def command_line(pid: int) -> list[str]:
    """Return the words a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")


@pytest.mark.live_weights
async def test_it_starts_and_answers(pool: EmbeddedPool, smollm2: Path) -> None:
    url = await pool.endpoint(smollm2, ALIAS, CONTEXT)

    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1")
    assert await ask(url, "Name a colour.")
    words = await asyncio.to_thread(command_line, pool.pids()[ALIAS])
    assert "nsed.models.embedded_server" in words
    assert ALIAS in words


@pytest.mark.live_weights
async def test_each_slot_has_the_context_that_was_asked_for(
    pool: EmbeddedPool, smollm2: Path
) -> None:
    url = await pool.endpoint(smollm2, ALIAS, CONTEXT)

    assert await ask(url, "a " * (CONTEXT - 100), max_tokens=1) is not None
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        await ask(url, "a " * (CONTEXT + 100), max_tokens=1)


@pytest.mark.live_weights
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, forks")
@pytest.mark.parametrize("when", ["idle", "while it loads", "with a fork", "just ends"])
def test_no_server_outlives_its_parent(smollm2: Path, when: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(smollm2), when],
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        server, forked = map(int, parent.stdout.readline().split())
        if when == "just ends":
            parent.wait(timeout=20)
        else:
            assert runs(server)
            parent.kill()

        dead = gone(server)
        if forked > 0:
            os.kill(forked, signal.SIGKILL)

    assert dead
