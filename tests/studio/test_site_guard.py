"""Other sites: DNS rebinding, forged requests, reading across origins."""

from pathlib import Path
from typing import Any

import pytest
from a_server import ASK, priced_panel, server

from nsed.config.server import ServerSettings
from nsed.config.settings import Settings
from nsed.studio.site_guard import SiteGuard

BODY = b'{"task": "What is 6 * 7?"}'
JSON = {"content-type": "application/json"}


def settings_at(host: str, *allowed: str) -> Settings:
    return Settings(
        experts=priced_panel(),
        server=ServerSettings(host=host, allowed_hosts=allowed),
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8017", 200),
        ("localhost", 200),
        ("LOCALHOST.:1", 200),
        ("[::1]:8017", 200),
        ("nsed.example.org", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8017", 421),
        ("evil.example#127.0.0.1", 400),
        ("127.0.0.1@evil.example", 400),
        ("evil.example/127.0.0.1", 400),
        ("10.0.0.5:8017", 421),
        ("127.0.0.1:x", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
async def test_only_our_own_names_are_answered(
    host: str, status: int, tmp_path: Path
) -> None:
    async with server(
        tmp_path, settings=settings_at("127.0.0.1", "nsed.example.org")
    ) as here:
        reply = await here.client.post(
            ASK, content=BODY, headers={**JSON, "host": host}
        )

    assert reply.status_code == status
    if status != 200:
        assert reply.json()["error"]["code"] in ("unknown_host", "bad_host")


async def test_two_hosts_are_none(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        headers = [("host", "127.0.0.1"), ("host", "evil.example")]
        reply = await here.client.get("/healthz", headers=headers)

    assert reply.status_code == 400


async def test_at_all_addresses_numbers_are_answered_and_names_are_not(
    tmp_path: Path,
) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": {}}
    async with server(tmp_path, keys=keys, settings=settings_at("0.0.0.0")) as here:
        statuses = [
            (
                await here.client.post(
                    ASK,
                    content=BODY,
                    headers={**JSON, **here.bearer("ann"), "host": host},
                )
            ).status_code
            for host in ("10.0.0.5:8017", "[2001:db8::1]", "evil.example", "0.0.0.0")
        ]

    assert statuses == [200, 200, 421, 200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:8017"}, 200),
        ({"origin": "https://127.0.0.1:8017"}, 200),  # a proxy spoke TLS
        ({"origin": "http://127.0.0.1:8017", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "http://localhost:8017"}, 403),
        ({"origin": "null"}, 403),
        # A page of ours behind a proxy that forbids referrers; the latter is the
        # browser's own word.
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": "null", "sec-fetch-site": "none"}, 403),
        ({"origin": "null", "sec-fetch-site": "same-site"}, 403),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
    ],
)
async def test_a_page_of_another_site_cannot_ask(
    headers: dict[str, str], status: int, tmp_path: Path
) -> None:
    async with server(tmp_path) as here:
        reply = await here.client.post(ASK, content=BODY, headers={**JSON, **headers})
        runs = await here.app.state.service.runs("")

    assert reply.status_code == status
    assert len(runs) == (status == 200)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "",
    ],
)
async def test_what_a_form_can_send_is_not_taken(kind: str, tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        reply = await here.client.post(
            ASK, content=BODY, headers={"content-type": kind}
        )
        bare = await here.client.post(ASK, content=BODY)
        runs = await here.app.state.service.runs("")

    assert reply.status_code == bare.status_code == 415
    assert not runs


async def test_no_reply_lets_another_site_read_it(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        preflight = await here.client.options(
            ASK,
            headers={
                "origin": "http://evil.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type",
            },
        )
        read = await here.client.get(
            "/openapi.json", headers={"origin": "http://evil.example"}
        )
        framed = await here.client.get(
            "/openapi.json",
            headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        )
        opened = await here.client.get(
            "/openapi.json",
            headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        )

    assert [r.status_code for r in (preflight, read, framed)] == [403, 403, 403]
    assert opened.status_code == 200
    for reply in (preflight, read, framed, opened):
        assert not [h for h in reply.headers if h.startswith("access-control-")]


async def test_every_reply_says_what_browsers_must_not_do(tmp_path: Path) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": {}}
    async with server(tmp_path, keys=keys) as here:
        here.app.add_api_route("/test/fails", lambda: 1 / 0)
        replies = [
            await here.ask("ann", "?"),
            await here.client.get("/login"),
            await here.client.get("/test/ask"),
            await here.client.get("/test/fails", headers=here.bearer("ann")),
            await here.client.get("/", headers={"host": "evil.example"}),
            await here.client.get("/", headers={"accept": "text/html"}),
        ]

    assert [r.status_code for r in replies] == [200, 200, 401, 500, 421, 303]
    for reply in replies:
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/langserve/nsed/playground/", True),
        ("/langserve/nsed/c/N4Xy/playground/", True),
        ("/langserve/nsed/input_schema", False),
        ("/langserve/nsed/c/N4Xy/config_schema", False),
        ("/runs/langserve/nsed/playground/", False),
        ("/runs", False),
        ("/login", False),
        ("/openapi.json", False),
    ],
)
async def test_only_the_playground_may_compile_text(
    path: str, may: bool, tmp_path: Path
) -> None:
    async with server(tmp_path) as here:
        reply = await here.client.get(path)

    assert ("'unsafe-eval'" in reply.headers["content-security-policy"]) == may
    assert ("'unsafe-inline'" in reply.headers["content-security-policy"]) == may


def test_any_address_is_no_name_of_ours() -> None:
    async def app(*_: object) -> None: ...

    assert "0.0.0.0" not in SiteGuard(app, host="0.0.0.0", allowed=()).hosts
