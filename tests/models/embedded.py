"""What the tests of the embedded models share: a pool, a question, a look at /proc."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

__all__ = ["ALIAS", "CONTEXT", "ask", "gone", "runs", "until_busy"]

ALIAS = "smollm2"
CONTEXT = 512


def runs(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def gone(pid: int, *, within_s: float = 10) -> bool:
    """Wait for the end of a process that is not ours to wait for."""
    deadline = time.monotonic() + within_s
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


async def ask(url: str, question: str, *, max_tokens: int = 8) -> str:
    body = {
        "model": ALIAS,
        "messages": [{"role": "user", "content": question}],
        "max_tokens": max_tokens,
        "temperature": 0,
    }
    async with httpx.AsyncClient(timeout=50, trust_env=False) as client:
        answer = await client.post(f"{url}/chat/completions", json=body)
    return str(answer.raise_for_status().json()["choices"][0]["message"]["content"])


async def until_busy(url: str) -> None:
    """Wait until the server is at work on a request."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(1000):
            slots = (await client.get(f"{url.removesuffix('/v1')}/slots")).json()
            if any(slot["is_processing"] for slot in slots):
                return
            await asyncio.sleep(0.01)
    pytest.fail("the server never began to work")
