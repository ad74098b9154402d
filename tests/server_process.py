"""`nsed serve` as a process of its own, with keys, before a loopback provider."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from a_server import add_key

__all__ = ["CANARY", "Served", "pool_of", "served"]

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


def pool_of(url: str, *, experts: int = 2, limits: str = "", more: str = "") -> str:
    """A configuration of experts that are all behind one URL."""
    tables = "".join(
        f'[[experts]]\nname = "e{n}"\nmodel = "m{n}"\nbase_url = "{url}"\n'
        f'api_key = "${{PROVIDER_KEY}}"\nballots = "json_schema"\nconcurrency = 64\n'
        f"usd_per_mtok_input = 1.0\nusd_per_mtok_output = 1.0\n"
        f"context_tokens = 32768\n\n"
        for n in range(experts)
    )
    head = f'telemetry = "off"\n[limits]\nretry_wait_s = 0\n{limits}\n'
    return f'{head}\n[team]\nbroker = "fixed"\n\n{more}\n{tables}'


@contextmanager
def served(
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
            env={
                **os.environ,
                "NSED_DATA": str(folder / "data"),
                "PROVIDER_KEY": CANARY,
                "LANGGRAPH_STRICT_MSGPACK": "false",
                "PYTHONUNBUFFERED": "1",
            },
        )
    try:
        yield Served(process, _address(process, log), log, tokens)
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until it says where it serves."""
    while process.poll() is None:
        if found := re.search(r"^Serving: +(\S+)$", log.read_text(), re.MULTILINE):
            return found[1]
        with_patience = subprocess.run(["sleep", "0.05"], check=False)
        assert with_patience.returncode == 0
    raise AssertionError(log.read_text())
