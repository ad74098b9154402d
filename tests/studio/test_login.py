"""Logging in with a browser: a key for a cookie, and back to where one was."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from a_server import Here, add_key, server

from nsed.studio.access_key import AccessKey, digest_of, new_token
from nsed.studio.key_file import KeyFile
from nsed.studio.sessions import COOKIE, Sessions

ANN: dict[str, dict[str, Any]] = {"ann": {}}
PAGE = {"accept": "text/html,*/*"}


async def log_in(here: Here, key: str, back: str = "/") -> httpx.Response:
    origin = {"origin": "http://127.0.0.1:8017", "sec-fetch-site": "same-origin"}
    return await here.client.post(
        "/login", data={"key": key, "next": back}, headers=origin
    )


async def test_a_page_leads_to_the_form_and_the_form_back_to_the_page(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, keys=ANN) as here:
        here.app.add_api_route("/page/7", lambda: "the page")
        away = await here.client.get("/page/7?token=x", headers=PAGE)
        form = await here.client.get(away.headers["location"])
        back = await log_in(here, f"  {here.tokens['ann']}\n", "/page/7")
        page = await here.client.get(back.headers["location"], headers=PAGE)
        inside = await here.client.get("/login?next=/page/7")
        kept = {"cookie": f"{COOKIE}={here.client.cookies[COOKIE]}"}
        out = await here.client.post("/logout")
        after = await here.client.get("/page/7", headers={**PAGE, **kept})

    assert (away.status_code, away.headers["location"]) == (303, "/login?next=/page/7")
    assert 'value="/page/7"' in form.text
    cookie = back.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert here.tokens["ann"] not in back.headers["set-cookie"]
    assert (back.status_code, page.text) == (303, '"the page"')
    assert "logged in with the key ann" in inside.text
    assert 'href="/page/7"' in inside.text
    assert "password" not in inside.text
    assert (out.status_code, after.status_code) == (303, 303)


async def test_programs_are_told_and_not_led(tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        replies = [
            await here.client.get("/v1/models", headers=PAGE),
            await here.client.get("/runs/7"),
            await here.client.post("/runs/7", headers=PAGE),
        ]

    assert [reply.status_code for reply in replies] == [401] * 3


@pytest.mark.parametrize(
    "key", ["", "wrong", "nsed-" + "A" * 43, "x" * 100_000, "\ufffd"]
)
async def test_another_key_is_none(key: str, tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        reply = await log_in(here, key)

    assert reply.status_code == 401
    assert "set-cookie" not in reply.headers
    assert not key.strip() or key not in reply.text


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\r\nset-cookie: a=b",
        "javascript:alert(1)",
        '"><script>alert(1)</script>',
    ],
)
async def test_the_way_back_stays_on_this_server(back: str, tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        form = await here.client.get("/login", params={"next": back})
        reply = await log_in(here, here.tokens["ann"], back)

    assert reply.headers["location"] == "/"
    assert "set-cookie: a" not in str(reply.headers)
    assert 'value="/"' in form.text
    assert "<script" not in form.text


async def test_the_form_cannot_be_sent_by_another_site(tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        reply = await here.client.post(
            "/login",
            data={"key": here.tokens["ann"]},
            headers={"origin": "http://evil.example"},
        )

    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


async def test_a_lost_key_ends_its_sessions(tmp_path: Path) -> None:
    def forget() -> None:
        with KeyFile(tmp_path / "keys.json").changing() as keys:
            del keys["ann"]

    async with server(tmp_path, keys=ANN) as here:
        here.admission.ring.every_s = 0
        await log_in(here, here.tokens["ann"])
        before = await here.client.get("/openapi.json")
        await asyncio.to_thread(forget)
        after = await here.client.get("/openapi.json")
        await asyncio.to_thread(add_key, tmp_path, "ann")
        anew = await here.client.get("/openapi.json")

    assert before.status_code == 200
    assert after.status_code == anew.status_code == 401


async def test_where_no_keys_are_there_is_nothing_to_log_in_to(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        reply = await here.client.get("/login?next=/runs/7")

    assert (reply.status_code, reply.headers["location"]) == (303, "/runs/7")


async def test_behind_tls_the_cookie_keeps_to_it(tmp_path: Path) -> None:
    async with server(tmp_path, keys=ANN) as here:
        here.client.base_url = httpx.URL("https://127.0.0.1:8017")
        reply = await log_in(here, here.tokens["ann"])

    assert "secure" in reply.headers["set-cookie"].lower()


def test_a_session_ends_by_itself_and_there_are_not_too_many() -> None:
    now = 0.0
    sessions = Sessions(hours=1, clock=lambda: now)
    key = AccessKey(name="ann", sha256=digest_of(new_token()))
    first = sessions.begin(key)
    assert sessions.find(first) == (key.name, key.sha256)
    now = 3600.0
    assert sessions.find(first) is None

    tokens = [sessions.begin(key) for _ in range(10_001)]
    assert sessions.find(tokens[0]) is None
    assert sessions.find(tokens[-1])
    assert sessions.find("") is None
    assert COOKIE.isidentifier()
