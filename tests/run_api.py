"""A server of runs, in this process or in one of its own, with experts one can hold.

    async with api(tmp_path) as here:
        id_ = await here.ask("What is 6 * 7?")

As a program (`python run_api.py FOLDER`) it serves on loopback, prints its port, and
ends with its stdin or by a signal.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"  # read when langgraph is imported

import httpx
import uvicorn
from fastapi import FastAPI, Request
from panel import Recorder, panel

from nsed.config.settings import Settings
from nsed.models.base import Request as ModelRequest
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord
from nsed.studio.admission import Admission, Caller
from nsed.studio.granted import Granted
from nsed.studio.run_service import RunService
from nsed.studio.server import create_app

__all__ = ["HELD", "TASK", "Held", "Here", "Served", "api", "events_of", "served"]

TASK = "What is 6 * 7?"
HELD = "hold on: what is 6 * 7?"
"""One expert waits, see `Held`."""


class Held:
    """Experts of whom one waits, where the task says `hold <word>`, to be let go."""

    def __init__(self) -> None:
        """Let nobody go yet."""
        self._open: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.recorder = Recorder(cy=self._cy)

    def let_go(self, word: str = "on") -> None:
        """Whoever is held by this word answers, now and later."""
        self._open[word].set()

    async def _cy(self, request: ModelRequest) -> None:
        if held := re.search(r"hold (\w+)", request.messages[-1].content):
            await self._open[held[1]].wait()


class ByName(Admission):
    """The name of the key is in a header; what is asked of it is noted."""

    def __init__(self) -> None:
        """Know nobody."""
        super().__init__()
        self.entered: list[tuple[str, str | None]] = []
        self.turns: list[asyncio.Event] = []
        """Who enters waits for the next of these, if there is one."""
        self.waiting = asyncio.Event()

    async def caller(self, request: Request) -> Caller:
        """Whoever he says he is."""
        return Caller(request.headers.get("x-name", ""))

    @asynccontextmanager
    async def enter(
        self, caller: Caller, config: DeliberationConfig, *, preset: str | None = None
    ) -> AsyncIterator[Granted]:
        """Let one run in, and note it."""
        self.entered.append((caller.name, preset))
        if self.turns:
            self.waiting.set()
            await self.turns.pop(0).wait()
        async with super().enter(caller, config, preset=preset) as granted:
            yield granted


@dataclass
class Here:
    """The application, and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient
    admission: ByName
    name: str = ""

    @property
    def service(self) -> RunService:
        """Its runs."""
        found: RunService = self.app.state.service
        return found

    def as_(self, name: str) -> "Here":
        """The same for somebody else."""
        return Here(self.app, self.client, self.admission, name)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read."""
        return await self.client.get(
            f"/api{path}", headers={"x-name": self.name, **headers}
        )

    async def post(self, path: str, body: object = None) -> httpx.Response:
        """Ask for something."""
        return await self.client.post(
            f"/api{path}",
            content=b"" if body is None else json.dumps(body),
            headers={"x-name": self.name, "content-type": "application/json"},
        )

    async def ask(self, task: str = TASK, **more: Any) -> str:
        """Begin a run."""
        reply = await self.post("/runs", {"task": task, **more})
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    async def told(self, id_: str) -> dict[str, Any]:
        """Everything about a run."""
        reply = await self.get(f"/runs/{id_}")
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    async def record(self, id_: str) -> RunRecord:
        """The record of a run, as far as it is."""
        found = await self.service.record(id_, self.name)
        assert found is not None
        return found

    async def ended(self, id_: str) -> dict[str, Any]:
        """Wait until a run is over or waits; how it stands then."""
        return events_of((await self.get(f"/runs/{id_}/events")).text)[-1][2]

    async def until(self, id_: str, event: str) -> None:
        """Wait until something has happened in a run at work."""
        live = self.service.live(id_, self.name)
        assert live is not None
        async for _, told in live.watch():
            if told["event"] == event:
                return


def events_of(text: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Server-sent events: name, number and data; heartbeats left out."""
    found = []
    for block in text.replace("\r", "").strip().split("\n\n"):
        lines = [line for line in block.split("\n") if not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines if line)
        if "data" in fields:
            found.append(
                (
                    fields.get("event", "message"),
                    int(fields.get("id", 0)),
                    json.loads(fields["data"]),
                )
            )
    return found


@asynccontextmanager
async def api(
    folder: Path | None = None, *, hire: Any = None, **knobs: Any
) -> AsyncIterator[Here]:
    """Start it in this process; runs are kept in the folder, if there is one."""
    settings = Settings(experts=panel(), knobs={"retry_wait_s": 0, **knobs})
    admission = ByName()
    app = await asyncio.to_thread(
        create_app,
        settings,
        checkpoints="sqlite" if folder else "off",
        folder=folder,
        admission=admission,
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client,
    ):
        app.state.service.hire = hire or Recorder()
        yield Here(app, client, admission)


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    url: str = field(init=False)

    def __post_init__(self) -> None:
        """Its address."""
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: Any = None, name: str = "") -> Any:
        """Ask for something; status and JSON."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            reply = client.request(
                method, f"{self.url}{path}", json=body, headers={"x-name": name}
            )
        return reply.status_code, reply.json()

    def ask(self, task: str = TASK, name: str = "") -> str:
        """Begin a run."""
        status, told = self.call("POST", "/api/runs", {"task": task}, name)
        assert status == 201, told
        return str(told["id"])

    @contextmanager
    def events(
        self, id_: str, *, after: int = 0, name: str = ""
    ) -> Iterator[Iterator[tuple[str, int, dict[str, Any]]]]:
        """Watch a run as it happens."""
        headers = {"x-name": name}
        if after:
            headers["last-event-id"] = str(after)
        with (
            httpx.Client(trust_env=False, timeout=30) as client,
            client.stream(
                "GET", f"{self.url}/api/runs/{id_}/events", headers=headers
            ) as reply,
        ):
            assert reply.status_code == 200
            yield _blocks(reply.iter_lines())

    def let_go(self, word: str = "on") -> None:
        """Whoever is held by this word answers."""
        self.call("POST", f"/test/open/{word}")

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """End it in good order; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def _blocks(lines: Iterator[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    block: list[str] = []
    for line in lines:
        if line:
            block.append(line)
            continue
        yield from events_of("\n".join(block)) if block else ()
        block = []


@contextmanager
def served(folder: Path, **knobs: Any) -> Iterator[Served]:
    """Start it in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(folder), json.dumps(knobs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield Served(process, int(port))
    finally:
        process.kill()
        process.communicate()


def _application(folder: Path, knobs: dict[str, Any]) -> FastAPI:
    settings = Settings(experts=panel(), knobs={"retry_wait_s": 0, **knobs})
    app = create_app(settings, checkpoints="sqlite", folder=folder, admission=ByName())

    @app.post("/test/open/{word}")
    async def open_(word: str) -> dict[str, str]:
        app.state.held.let_go(word)
        return {}

    return app


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()


def _main() -> None:
    app = _application(Path(sys.argv[1]), json.loads(sys.argv[2]))
    listener = socket.create_server(("127.0.0.1", 0))

    def ready() -> None:
        app.state.held = Held()
        app.state.service.hire = app.state.held.recorder
        print(listener.getsockname()[1], flush=True)  # noqa: T201

    config = uvicorn.Config(app, log_level="error", ws="none")
    _Server(config, ready).run(sockets=[listener])


if __name__ == "__main__":
    _main()
