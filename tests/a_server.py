"""A server in this process, with keys, and a door that is as small as a door can be.

async with server(tmp_path, keys={"ann": {"budget_usd": 1}}) as here:
    reply = await here.ask("ann", "What is 6 * 7?")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from panel import panel

from nsed.config.settings import Settings
from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import NsedError
from nsed.state.expert_config import ExpertConfig
from nsed.studio.access_key import AccessKey, digest_of, new_token
from nsed.studio.admission import Admission, TheCaller
from nsed.studio.admitting import admission_for
from nsed.studio.key_file import KeyFile
from nsed.studio.refusal import RefusedError
from nsed.studio.server import create_app

__all__ = ["Here", "add_key", "priced_panel", "server"]

ASK = "/test/ask"


def priced_panel() -> tuple[ExpertConfig, ...]:
    """The scripted panel, at a dollar a million tokens."""
    prices = {"usd_per_mtok_input": 1.0, "usd_per_mtok_output": 1.0}
    return tuple(expert.model_copy(update=prices) for expert in panel())


def add_key(folder: Path, name: str, **limits: Any) -> str:
    """Put a key on file and return it."""
    token = new_token()
    with KeyFile(folder / "keys.json").changing() as keys:
        keys[name] = AccessKey(name=name, sha256=digest_of(token), **limits)
    return token


@dataclass
class Here:
    """The application, and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def admission(self) -> Admission:
        found: Admission = self.app.state.admission
        return found

    def bearer(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[name]}"} if name else {}

    async def ask(self, name: str, task: str, **wishes: Any) -> httpx.Response:
        body = {"task": task, **wishes}
        return await self.client.post(ASK, json=body, headers=self.bearer(name))


def door(app: FastAPI) -> None:
    """Add a route that runs what it is asked, as all doors do."""

    @app.post(ASK)
    async def ask(request: Request, caller: TheCaller) -> dict[str, Any]:
        body = await request.json()
        preset = body.get("preset")
        config = app.state.settings.config(preset=preset)
        async with app.state.admission.enter(caller, config, preset=preset) as granted:
            live = app.state.service.begin(
                body["task"], granted.config, owner=caller.name, granted=granted
            )
            if body.get("leave"):
                return {"run": live.run.run_id}
            try:
                record = await live.ended()
            except RefusedError:
                raise
            except NsedError as error:
                if body.get("raise"):
                    raise
                return {"failed": type(error).__name__, "run": live.run.run_id}
        return {"run": record.run_id, "answer": record.verdict.answer}


@asynccontextmanager
async def server(
    folder: Path,
    *,
    keys: dict[str, dict[str, Any]] | None = None,
    settings: Settings | None = None,
    hire: Hiring | None = None,
    checkpoints: str = "off",
) -> AsyncIterator[Here]:
    """Start it; without keys everybody is let in."""
    tokens = {
        name: await asyncio.to_thread(add_key, folder, name, **its)
        for name, its in (keys or {}).items()
    }
    settings = settings or Settings(experts=priced_panel(), knobs={"retry_wait_s": 0})
    admission = await asyncio.to_thread(admission_for, settings.server, folder)
    app = await asyncio.to_thread(
        create_app,
        settings,
        checkpoints=checkpoints,
        folder=folder,
        admission=admission,
    )
    door(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8017"
        ) as client,
    ):
        if hire is not None:
            app.state.service.hire = hire
        yield Here(app, client, tokens)
