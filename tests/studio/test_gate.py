"""The gate: every route is closed without a key, and every run but one's own."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from a_server import ASK, Here, server
from fastapi import FastAPI
from starlette.routing import Mount, Route

from nsed.config.server import ServerSettings
from nsed.protocol.errors import ConfigError
from nsed.studio.admitting import admission_for
from nsed.studio.gate import OPEN_TO_ALL

ANN: dict[str, dict[str, Any]] = {"ann": {}}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def paths_of(app: Any, prefix: str = "") -> list[str]:
    """Every path of an application, those of mounted ones included."""
    found: list[str] = []
    for route in app.routes:
        if isinstance(route, Route):
            found.append(prefix + route.path)
        elif isinstance(route, Mount):
            found += [prefix + route.path, *paths_of(route, prefix + route.path)]
        elif hasattr(route, "original_router"):  # FastAPI's, of newer versions
            found += paths_of(route.original_router, prefix)
    return found


def filled(path: str) -> str:
    """A path with something in the place of its parameters."""
    return "/".join("x" if "{" in part else part for part in path.split("/"))


async def sent(here: Here, method: str, path: str, **headers: str) -> httpx.Response:
    return await here.client.request(
        method,
        path,
        content=b"{}",
        headers={"content-type": "application/json", **headers},
    )


async def test_no_route_answers_without_a_key_but_the_ones_that_are_listed(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, keys=ANN) as here:
        mounted = FastAPI()
        mounted.add_api_route("/inside", lambda: "secret")
        here.app.mount("/mounted", mounted)
        here.app.add_api_route("/forgets/to/ask", lambda: "secret")
        paths = {filled(path) for path in paths_of(here.app)}
        assert {"/mounted/inside", "/forgets/to/ask", ASK, "/openapi.json"} <= paths
        assert {filled(path) for path in here.app.openapi()["paths"]} <= paths
        for path in sorted(paths | {"/", "/no/such/path"}):
            for method in METHODS:
                reply = await sent(here, method, path)
                if path in OPEN_TO_ALL:
                    assert reply.status_code != 500
                else:
                    assert reply.status_code == 401, f"{method} {path}"
                    assert "secret" not in reply.text
                    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path",
    [
        "/healthz/../test/ask",
        "/healthz/",
        "//healthz",
        "/healthz%2f..%2ftest%2fask",
        "/login/../openapi.json",
        "/LOGIN",
        "/login;/openapi.json",
    ],
)
async def test_no_spelling_of_an_open_path_opens_another(
    path: str, tmp_path: Path
) -> None:
    async with server(tmp_path, keys=ANN) as here:
        reply = await here.client.get(path)

    assert reply.status_code in (401, 404)
    assert "paths" not in reply.text


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic {token}",
        "{token}",
        "Bearer {token}x",
        "Bearer x{token}",
        "Bearer {upper}",
        "Bearer {sha256}",
        "Bearer {token} {token}",
        "Bearer {token},{token}",
    ],
)
async def test_nothing_but_the_key_opens(shown: str, tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        token = here.tokens["ann"]
        sha256 = here.admission.ring.keys[0].sha256
        value = shown.format(token=token, upper=token.upper(), sha256=sha256)
        reply = await here.client.get("/openapi.json", headers={"authorization": value})
        good = await here.client.get("/openapi.json", headers=here.bearer("ann"))
        in_url = await here.client.get(
            f"/openapi.json?key={token}&api_key={token}&access_token={token}"
        )

    assert good.status_code == 200
    assert reply.status_code == in_url.status_code == 401
    assert reply.json()["error"]["code"] == "invalid_api_key"
    for said in (reply.text, in_url.text):
        assert token not in said


async def test_two_keys_at_a_time_are_none(tmp_path: Path) -> None:
    async with server(tmp_path, keys={"ann": {}, "ben": {}}) as here:
        headers = [
            ("authorization", here.bearer(name)["authorization"])
            for name in ("ann", "ben")
        ]
        reply = await here.client.get("/openapi.json", headers=headers)

    assert reply.status_code == 401


async def test_on_ones_own_machine_any_key_will_do(tmp_path: Path) -> None:
    """OpenAI's clients insist on sending one."""
    async with server(tmp_path) as here:
        headers = {"authorization": "Bearer sk-none"}
        reply = await here.client.get("/openapi.json", headers=headers)

    assert reply.status_code == 200


async def test_nobody_finds_the_runs_of_another(tmp_path: Path) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": {}, "ben": {}}
    async with server(tmp_path, keys=keys, checkpoints="sqlite") as here:
        id_ = (await here.ask("ann", "Whose secret is it?")).json()["run"]
        service = here.app.state.service
        assert await service.record(id_, "ann")
        for path in {
            filled(path).replace("/x", f"/{id_}") for path in paths_of(here.app)
        }:
            for method in METHODS:
                reply = await sent(here, method, path, **here.bearer("ben"))
                assert "secret" not in reply.text, f"{method} {path}"
                assert reply.status_code != 500 or path == ASK
        assert await service.runs("ben") == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "nsed.example.org"])
def test_a_wide_address_needs_a_key(host: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nsed keys add"):
        admission_for(ServerSettings(host=host), tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_none(host: str, tmp_path: Path) -> None:
    assert not admission_for(ServerSettings(host=host), tmp_path).ring.required
