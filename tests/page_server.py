"""A server on loopback, in a thread of its own, with a run page to look at."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import langserve  # noqa: F401 - reads files when imported, which no loop here allows
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from panel import Recorder

from nsed.config.settings import Settings
from nsed.models.base import Request as Asked
from nsed.state.run_record import RunRecord
from nsed.studio.run_service import RunService
from nsed.studio.run_view import run_view
from nsed.studio.server import create_app

__all__ = ["Gate", "PageServer", "serving"]


class Gate:
    """Experts wait at it until the test lets them through, one by one or all."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.let_through: set[str] = set()
        self.open = False
        self._changed = asyncio.Condition()

    def expert(self, name: str) -> Callable[[Asked], Any]:
        """For `Recorder`: waits, then answers from its script."""

        async def reply(request: Asked) -> None:
            place = f"{name} {request.phase} {request.round}"
            async with self._changed:
                self.waiting.append(place)
                await self._changed.wait_for(
                    lambda: self.open or place in self.let_through
                )

        return reply

    async def let(self, *places: str) -> None:
        """Let these through, such as `ada propose 1`; none: everybody from now on."""
        async with self._changed:
            self.let_through |= set(places)
            self.open = self.open or not places
            self._changed.notify_all()


class PageServer:
    """What the test holds of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.gate = Gate()
        self.url = ""
        self.told: dict[str, Any] = {}
        self.service: RunService
        self.loop: asyncio.AbstractEventLoop

    def do(self, coroutine: Any) -> Any:
        """Run something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def let(self, *places: str) -> None:
        """Let experts through the gate."""
        self.do(self.gate.let(*places))

    def keep(self, record: RunRecord, state: str) -> str:
        """Show a run that was not played here; gives its address."""
        self.told[f"/api/runs/{record.run_id}"] = {
            "state": state,
            "reason": "",
            "at_work_elsewhere": False,
            "steps": [],
            "question": None,
            "trail": {"status": "unsigned", "detail": "no trail of it is known here"},
            "run": run_view(record),
        }
        return f"{self.url}/runs/{record.run_id}"

    def begin(self, task: str, **knobs: Any) -> str:
        """Begin a run; gives its address."""

        async def begin() -> str:
            config = self.settings.config(options=knobs)
            return self.service.begin(task, config).run.run_id

        return f"{self.url}/runs/{self.do(begin())}"


@contextmanager
def serving(settings: Settings) -> Iterator[PageServer]:
    """Serve until the end of the block."""
    server = PageServer(settings)
    app = create_app(settings)
    opened = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(app):
            server.loop = asyncio.get_running_loop()
            server.service = app.state.service
            names = [expert.name for expert in settings.experts]
            held = {name: server.gate.expert(name) for name in names}
            server.service.hire = Recorder(**held)  # type: ignore[assignment]
            yield

    app.router.lifespan_context = lifespan

    async def told_first(scope: Any, receive: Any, send: Any) -> None:
        kept = server.told.get(scope.get("path", ""))
        answering = JSONResponse(kept) if kept else app
        await answering(scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    # Without its logging: it would be that of all tests after this one.
    config = uvicorn.Config(
        told_first, log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    ran = uvicorn.Server(config)
    thread = threading.Thread(target=ran.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not ran.started and thread.is_alive():
            thread.join(0.01)
        yield server
    finally:
        ran.should_exit = True
        thread.join(10)
        listening.close()
    assert not thread.is_alive()
