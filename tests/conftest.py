"""Fixtures every test gets: no blocking calls in the loop, strict checkpoints."""

import os

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"  # read when langgraph is imported
os.environ.setdefault("LANGSMITH_TRACING", "false")

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from blockbuster import BlockBuster
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

# Named one by one: in an editable install `nsed` alone is the folder src/nsed.
ROOMS = [
    "nsed",
    *(
        f"nsed.{room}"
        for room in (
            "brokers",
            "graphs",
            "models",
            "nodes",
            "protocol",
            "state",
            "studio",
        )
    ),
]

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """LangChain's tests bring pytest-benchmark: run its test once, without a table."""
    if hasattr(config.option, "benchmark_disable"):
        config.option.benchmark_disable = True


@pytest.fixture(autouse=True)
def no_blocking_calls_in_the_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Raise when our own code blocks the event loop."""
    if request.node.get_closest_marker("blocks_the_loop"):
        yield  # the sync door, called where a notebook calls it
        return
    guard = BlockBuster(scanned_modules=ROOMS)
    guard.functions["threading.Lock.acquire"].can_block_in(
        "coverage/collector.py", {"lock_data"}
    )
    guard.activate()
    yield
    guard.deactivate()


@pytest.fixture(autouse=True)
def no_network_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to connect to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0] in LOOPBACK, f"a test tried to reach {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
