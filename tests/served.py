"""A real server on loopback, in a thread and a loop of its own.

with served(settings) as here:
    openai.OpenAI(base_url=f"{here.url}/v1", api_key="-")
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

from nsed.config.settings import Settings
from nsed.nodes.hiring import Hiring
from nsed.state.expert_config import ExpertConfig
from nsed.studio.admission import Admission
from nsed.studio.listening import listen_at
from nsed.studio.live_run import LiveRun
from nsed.studio.server import create_app

__all__ = ["Served", "at_provider", "served"]

T = TypeVar("T")
_WAIT_S = 20


@dataclass
class Served:
    """The server, as a test sees it."""

    app: FastAPI
    url: str
    loop: asyncio.AbstractEventLoop
    begun: list[LiveRun] = field(default_factory=list)
    """Every run, in order."""

    def do(self, what: Callable[[], Awaitable[T]]) -> T:
        """Do something on the server's loop, and wait for it."""

        async def done() -> T:
            return await what()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(_WAIT_S)

    def over(self, number: int = 0) -> LiveRun:
        """Wait for the end of a run, whichever it is."""
        live = self.begun[number]
        self.do(live.wait)
        return live


def at_provider(url: str, **more: Any) -> tuple[ExpertConfig, ...]:
    """Three experts who ask a loopback provider."""
    return tuple(
        ExpertConfig.model_validate(
            {
                "name": name,
                "provider": "openai",
                "model": name,
                "base_url": url,
                **more,
            }
        )
        for name in ("ada", "bob", "cy")
    )


@contextmanager
def served(
    settings: Settings,
    *,
    hire: Hiring | None = None,
    admission: Admission | None = None,
    heartbeat_s: float = 15,
    folder: Path | None = None,
) -> Iterator[Served]:
    """Start it; what went wrong in it is raised at the end."""
    made: list[Served] = []
    ready = threading.Event()
    servers: list[uvicorn.Server] = []
    failed: list[BaseException] = []

    async def serve() -> None:
        app = await asyncio.to_thread(
            create_app, settings, admission=admission, folder=folder
        )
        app.state.heartbeat_s = heartbeat_s
        with listen_at("127.0.0.1", 0) as listener:
            async with app.router.lifespan_context(app):
                url = f"http://127.0.0.1:{listener.getsockname()[1]}"
                here = Served(app, url, asyncio.get_running_loop())
                _note_runs(app, here.begun)
                if hire is not None:
                    app.state.service.hire = hire
                made.append(here)
                server = _Server(app, ready)
                servers.append(server)
                await server.serve(sockets=[listener])

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - raised in the test
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="served")
    thread.start()
    try:
        assert ready.wait(_WAIT_S)
        if failed:
            raise failed[0]
        yield made[0]
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(_WAIT_S)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI, ready: threading.Event) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                http="h11",
                ws="none",
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._ready = ready

    def capture_signals(self) -> Any:
        return nullcontext()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets=sockets)
        self._ready.set()


def _note_runs(app: FastAPI, runs: list[LiveRun]) -> None:
    begin = app.state.service.begin

    def noting(*args: Any, **options: Any) -> LiveRun:
        live: LiveRun = begin(*args, **options)
        runs.append(live)
        return live

    app.state.service.begin = noting
