"""A server on loopback, in a thread of its own, with a run page to look at."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from panel import Recorder

from nsed.config.settings import Settings
from nsed.models.base import Request as Asked
from nsed.state.human import HumanDecision
from nsed.state.run_record import RunRecord
from nsed.studio.live_run import LiveRun
from nsed.studio.page_routes import page_routes
from nsed.studio.run_service import RunService
from nsed.studio.run_view import run_view

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
        self.records: dict[str, tuple[RunRecord, str]] = {}
        self.posted: list[tuple[str, Any]] = []
        self.service: RunService
        self.loop: asyncio.AbstractEventLoop

    def do(self, coroutine: Any) -> Any:
        """Run something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def keep(self, record: RunRecord, state: str) -> str:
        """Show a run that is over; gives its address."""
        self.records[record.run_id] = record, state
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

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        server.loop = asyncio.get_running_loop()
        names = [expert.name for expert in settings.experts]
        hire = Recorder(**{name: server.gate.expert(name) for name in names})
        server.service = RunService(settings, hire=hire)  # type: ignore[arg-type]
        yield
        await server.service.aclose()

    app = FastAPI(lifespan=lifespan)
    app.include_router(page_routes())
    app.include_router(_api(server))
    listening = socket.create_server(("127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ran = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=ran.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        socket.create_connection(listening.getsockname()).close()
        while not ran.started and thread.is_alive():
            thread.join(0.01)
        yield server
    finally:
        ran.should_exit = True
        thread.join(10)
        listening.close()
    assert not thread.is_alive()


def _api(server: PageServer) -> APIRouter:  # noqa: C901 - a list of routes
    """The contract of the page, over a `RunService`."""
    router = APIRouter(prefix="/api")

    def live_of(run_id: str) -> LiveRun:
        live = server.service.live(run_id, "")
        if live is None:
            raise HTTPException(404)
        return live

    async def state_of(live: LiveRun) -> tuple[str, str]:
        if not live.over:
            return "running", ""
        if live.cancelled:
            return "cancelled", "the run was cancelled"
        if live.failure:
            return "failed", str(live.failure)
        return ("finished", "") if live.record else ("waiting", "")

    @router.get("/runs")
    async def runs() -> Any:
        told = []
        for known in await server.service.runs(""):
            state, reason = await state_of(live_of(known.id))
            told.append(
                {
                    "id": known.id,
                    "task": known.task,
                    "state": state,
                    "begun_at": known.begun_at,
                    "rounds": known.end.rounds,
                    "answer": known.end.answer,
                    "usd": 0.0123,
                    "reason": reason,
                    "forked_from": known.forked_from,
                    "graph": known.graph,
                }
            )
        return {"runs": told}

    @router.post("/runs", status_code=201)
    async def begin(request: Request) -> Any:
        body = await request.json()
        server.posted.append(("runs", body))
        if not body["task"].strip():
            return JSONResponse(
                {"error": {"message": "task: should say something"}}, 422
            )
        return {
            "id": server.service.begin(
                body["task"], server.settings.config()
            ).run.run_id
        }

    @router.get("/runs/{run_id}")
    async def run(run_id: str) -> Any:
        trail = {"status": "none", "detail": "no trail is on file"}
        if run_id in server.records:
            record, state = server.records[run_id]
            return {
                "state": state,
                "reason": "",
                "question": None,
                "trail": trail,
                "run": run_view(record),
            }
        if server.service.live(run_id, "") is None:
            return JSONResponse(
                {"error": {"message": f"no run is called {run_id}"}}, 404
            )
        live = live_of(run_id)
        record = live.record or await live.run.record_so_far()
        state, reason = await state_of(live)
        question = await live.run.question() if state == "waiting" else None
        return {
            "state": state,
            "reason": reason,
            "question": question and question.model_dump(mode="json"),
            "trail": trail,
            "run": run_view(record),
        }

    @router.get("/runs/{run_id}/events")
    async def events(run_id: str, request: Request) -> Any:
        live = live_of(run_id)
        after = int(request.headers.get("last-event-id", 0))

        async def lines() -> AsyncIterator[str]:
            async for number, event in live.watch(after):
                yield f"id: {number}\ndata: {json.dumps(event)}\n\n"
            state, reason = await state_of(live)
            end = json.dumps({"state": state, "reason": reason})
            yield f"event: end\ndata: {end}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    @router.post("/runs/{run_id}/{what}")
    async def act(run_id: str, what: str, request: Request) -> Any:
        body = await request.json()
        server.posted.append((what, body))
        live = live_of(run_id)
        if what == "fork":
            if body["knobs"].get("rounds", 1) == 99:
                return JSONResponse(
                    {"error": {"message": "rounds: should be at most 20 <b>"}}, 422
                )
            return JSONResponse(
                {"id": server.service.begin(live.run.task, live.run.config).run.run_id},
                201,
            )
        if what == "decide":
            live.run.decide(HumanDecision.model_validate(body))
            again = LiveRun(live.run)
            again.events = [*live.events]
            server.service._runs[run_id] = again
        else:
            await getattr(live, what)()
        return {}

    @router.get("/runs/{run_id}/checkpoints")
    async def checkpoints(run_id: str) -> Any:
        return {
            "checkpoints": [
                {"id": "c2", "step": 2, "next": ["peer_review"], "round": 1},
                {"id": "c1", "step": 1, "next": ["proposer"], "round": 1},
            ]
        }

    @router.get("/runs/{run_id}/checkpoints/{cid}")
    async def checkpoint(run_id: str, cid: str) -> Any:
        return {
            "id": cid,
            "left_out": [],
            "state": {
                "task": "<b>x</b>\u202e",
                "round": 1,
                "proposals": {"r1-ab": {"expert": "ada"}},
            },
        }

    return router
