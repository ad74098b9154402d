"""The OpenAPI document: complete, and kept to whatever is sent."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from a_server import priced_panel
from sent_anything import sent_anything
from served import Served, served

from nsed.config.settings import Settings

CHAT = "/v1/chat/completions"
OURS = ("/healthz", "/readyz", "/v1/models", "/v1/models/{model}", CHAT)
"""Routes of this part of the server."""


@pytest.fixture(scope="module")
def here() -> Iterator[Served]:
    one_round = {"retry_wait_s": 0, "rounds": 1}
    with served(Settings(experts=priced_panel(), knobs=one_round)) as server:
        yield server


@pytest.fixture(scope="module")
def document(here: Served) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{here.url}/openapi.json").json()
    return found


def no_such_form(response: Any) -> bool:
    code = response.json()["error"]["code"]
    return bool(response.status_code == 502 and code == "no_such_form")


def asking_something(case: Any) -> None:
    """Of a model that exists."""
    if isinstance(case.body, dict):
        case.body["model"] = "nsed"
        if isinstance(case.body.get("messages"), list):
            case.body["messages"].append({"role": "user", "content": "6 * 7?"})


@pytest.mark.slow
@pytest.mark.parametrize("path", OURS[:-1])
def test_whatever_is_sent_gets_a_documented_reply(here: Served, path: str) -> None:
    replies = sent_anything(here.url, path, examples=20)

    assert {*replies} & {200, 404}


@pytest.mark.slow
@pytest.mark.parametrize("mended", [str, asking_something])
def test_whatever_is_asked_gets_a_documented_reply(here: Served, mended: Any) -> None:
    replies = sent_anything(
        here.url, CHAT, "POST", examples=40, mended=mended, may_fail=no_such_form
    )

    assert 400 in replies
    assert (200 if mended is asking_something else 404) in replies


def test_every_route_says_how_it_fails(document: dict[str, Any]) -> None:
    for path in OURS:
        for operation in document["paths"][path].values():
            replies = operation["responses"]
            assert {"200", "403", "421"} <= set(replies)
            for status in set(replies) - {"200"}:
                body = replies[status]["content"]["application/json"]["schema"]
                assert body["$ref"].rpartition("/")[2] in ("ErrorBody", "Readiness")


def test_everything_has_a_type_and_a_description(document: dict[str, Any]) -> None:
    for name, found in document["components"]["schemas"].items():
        assert found.get("description") or found.get("enum"), name
    chat = document["paths"][CHAT]["post"]
    assert "text/event-stream" in chat["responses"]["200"]["content"]
    properties = document["components"]["schemas"]["ChatRequest"]["properties"]
    assert properties["max_tokens"]["description"].startswith("Most output tokens")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_that_loads_scripts_from_elsewhere(here: Served, path: str) -> None:
    assert httpx.get(here.url + path).status_code == 404
