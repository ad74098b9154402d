"""`nsed serve` as a process of its own, with keys, before a loopback provider."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from a_server import add_key

__all__ = ["CANARY", "Served", "nsed", "pool_of", "server_process"]

CANARY = "sk-live-51Hf8s7dKq2pXv9"
"""The provider's API key, in the server's environment."""


@dataclass
class Served:
    """The process, and how to ask it."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    keys: dict[str, str] = field(default_factory=dict)

    def client(self, name: str = "", **options: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.keys[name]}"} if name else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=30, trust_env=False, **options
        )

    def chat(self, name: str, words: str, **more: Any) -> httpx.Response:
        """Ask the OpenAI door."""
        body = {
            "model": "nsed",
            "messages": [{"role": "user", "content": words}],
            **more,
        }
        with self.client(name) as client:
            return client.post("/v1/chat/completions", json=body)

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; returns the exit code and the log."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        return code, self.log.read_text()


def pool_of(
    url: str,
    *,
    experts: int = 2,
    concurrency: int = 64,
    limits: str = "",
    more: str = "",
) -> str:
    """A configuration of experts that are all behind one URL."""
    tables = "".join(
        f'[[experts]]\nname = "e{n}"\nmodel = "m{n}"\nbase_url = "{url}"\n'
        f'api_key = "${{PROVIDER_KEY}}"\nballots = "json_schema"\n'
        f"concurrency = {concurrency}\n"
        f"usd_per_mtok_input = 1.0\nusd_per_mtok_output = 1.0\n"
        f"context_tokens = 32768\n\n"
        for n in range(experts)
    )
    head = f'telemetry = "off"\n[limits]\nretry_wait_s = 0\n{limits}\n'
    return f'{head}\n[team]\nbroker = "fixed"\n\n{more}\n{tables}'


@contextmanager
def server_process(
    folder: Path,
    config: str,
    *options: str,
    keys: dict[str, dict[str, Any]] | None = None,
) -> Iterator[Served]:
    """Start it at any free port, and end it whatever happens."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "nsed.toml").write_text(config, encoding="utf-8")
    tokens = {n: add_key(folder / "data", n, **its) for n, its in (keys or {}).items()}
    log = folder / "serve.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "nsed.cli", "serve", "--port", "0", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=_environment(folder),
        )
    try:
        yield Served(process, _address(process, log), log, tokens)
    finally:
        process.kill()
        process.wait()


def nsed(folder: Path, *args: str) -> str:
    """Run another command there, and return what it prints."""
    return subprocess.run(
        [sys.executable, "-m", "nsed.cli", *args],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "NSED_DATA": str(folder / "data"),
        "PROVIDER_KEY": CANARY,
        "LANGGRAPH_STRICT_MSGPACK": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until it says where it serves."""
    while process.poll() is None:
        if found := re.search(r"^Serving: +(\S+)$", log.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())
