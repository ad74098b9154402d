"""Embedded models on demand: one server process a model, gone with this process."""

import asyncio
import os
import threading
import weakref
from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec
from pathlib import Path

from nsed.models.embedded_process import ServerProcess
from nsed.models.generation_slots import GenerationSlots
from nsed.protocol.errors import ConfigError, ExpertError

__all__ = ["EmbeddedPool"]


class EmbeddedPool:
    """Starts servers for GGUF files when they are first asked for, and ends them.

    It belongs to no event loop: calls may come from any loop in any thread.
    """

    def __init__(
        self,
        *,
        start_timeout_s: float = 120,
        slots: int = 2,
        max_generations: int | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            start_timeout_s: How long a model may take to load and answer once.
            slots: Requests one model works on at once; each has its own context.
            max_generations: See `generation_slot`; by default one a core.
        """
        self._start_timeout_s = start_timeout_s
        self._slots = slots
        self._generations = GenerationSlots(max_generations)
        self._servers: dict[str, ServerProcess] = {}
        self._starting: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._mutex = threading.Lock()  # guards the two maps and `_closed`
        self._closed = False
        # Runs when the pool is collected or the interpreter ends, whichever is first.
        self._finalizer = weakref.finalize(self, _kill_all, self._servers, os.getpid())

    async def endpoint(self, path: Path, alias: str, context_tokens: int) -> str:
        """Return the base URL (ending in `/v1`) of a server for this model.

        The server is started unless it runs, or anew if it has died since. Whoever was
        talking to a server that dies gets a connection error: nothing is hidden.

        Args:
            path: The GGUF file.
            alias: The model's name in requests, and in `pids`.
            context_tokens: Context of one request.

        Raises:
            ConfigError: xllamacpp is not installed, or the alias already stands for
                another file or context.
            ExpertError: `model_gone`: the server did not start, or the pool is closed.
        """
        return await asyncio.to_thread(self._ensure, path, alias, context_tokens)

    def generation_slot(self) -> AbstractAsyncContextManager[None]:
        """Hold one of the few slots for a generation, over all models of the pool."""
        return self._generations.slot()

    def pids(self) -> dict[str, int]:
        """Return the process ids of the servers that run, by alias."""
        with self._mutex:
            servers = dict(self._servers)
        return {alias: server.pid for alias, server in servers.items() if server.alive}

    def close(self) -> None:
        """End all servers, at once and for good. May be called again."""
        with self._mutex:
            self._closed = True
        self._finalizer()

    def _ensure(self, path: Path, alias: str, context_tokens: int) -> str:
        with self._mutex:
            lock = self._starting[alias]
        with lock:  # whoever comes second finds the server running
            server = self._servers.get(alias)
            url = None if server is None else server.healthy_url()
            if server is None or url is None:
                server = self._spawn(path, alias, context_tokens)
                return server.wait_ready(self._start_timeout_s)
            if server.spec != (path, context_tokens):
                serves, context = server.spec
                raise ConfigError(
                    f"the embedded model {alias!r} already runs with {serves} and "
                    f"{context} tokens of context; give the other one another name"
                )
            return url

    def _spawn(self, path: Path, alias: str, context_tokens: int) -> ServerProcess:
        if find_spec("xllamacpp") is None:
            raise ConfigError("embedded models need: pip install 'nsed[local]'")
        with self._mutex:  # so that `close` misses no process
            if self._closed:
                raise ExpertError("model_gone", "the pool of embedded models is closed")
            if dead := self._servers.pop(alias, None):
                dead.kill()  # frees what it left: pipes and the log's thread
            server = self._servers[alias] = ServerProcess(
                path, alias=alias, context_tokens=context_tokens, slots=self._slots
            )
        return server


def _kill_all(servers: dict[str, ServerProcess], owner: int) -> None:
    if os.getpid() != owner:  # a fork's exit: the servers are the parent's
        return
    while servers:
        _, server = servers.popitem()
        server.kill()
