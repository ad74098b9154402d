"""`/healthz` and `/readyz`: up, and able to make a run; asked for cheaply."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from a_server import server
from loopback_provider import Answer, Provider, Seen
from served import at_provider

from nsed.config.settings import Settings
from nsed.state.expert_config import ExpertConfig

MANY = 20


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


def settings_of(*experts: ExpertConfig, **knobs: Any) -> Settings:
    return Settings(experts=experts, knobs={"retry_wait_s": 0, **knobs})


async def test_health_asks_nobody_and_needs_no_key(
    tmp_path: Path, provider: Provider
) -> None:
    settings = settings_of(*at_provider(provider.url))
    async with server(tmp_path, settings=settings, keys={"ann": {}}) as here:
        reply = await here.client.get("/healthz")

    assert reply.status_code == 200
    assert set(reply.json()) == {"status", "version"}
    assert not provider.seen
    assert not provider.probes


async def test_ready_asks_each_model_a_run_may_ask_once(
    tmp_path: Path, provider: Provider
) -> None:
    settings = settings_of(
        *at_provider(provider.url), proposers=("ada", "bob"), reviewers=("bob",)
    )
    async with server(tmp_path, settings=settings) as here:
        replies = await asyncio.gather(
            *(here.client.get("/readyz") for _ in range(MANY))
        )
        last = await here.client.get("/readyz")

    assert {reply.status_code for reply in (*replies, last)} == {200}
    found = last.json()
    assert found["status"] == "ready"
    assert [one["name"] for one in found["experts"]] == ["ada", "bob"]
    assert all(one["up"] and one["reason"] == "" for one in found["experts"])
    assert sorted(seen.body["model"] for seen in provider.seen) == ["ada", "bob"]


@pytest.mark.parametrize(
    ("down", "quorum", "told"),
    [
        ({"cy"}, 2, (200, "degraded")),
        ({"bob", "cy"}, 2, (503, "unready")),
        ({"ada", "bob", "cy"}, 1, (503, "unready")),
    ],
    ids=str,
)
async def test_somebody_down_is_degraded_and_too_many_is_unready(
    tmp_path: Path,
    provider: Provider,
    down: set[str],
    quorum: int,
    told: tuple[int, str],
) -> None:
    for name in down:
        provider.answers[name] = [Answer(status=401, message="no such key sk-abcdefgh")]
    settings = settings_of(*at_provider(provider.url), quorum=quorum)
    async with server(tmp_path, settings=settings) as here:
        reply = await here.client.get("/readyz")

    found = reply.json()
    assert (reply.status_code, found["status"]) == told
    assert {one["name"] for one in found["experts"] if not one["up"]} == down
    assert all(one["reason"] for one in found["experts"] if one["name"] in down)
    assert "abcdefgh" not in reply.text


async def test_what_cannot_be_asked_at_all_has_its_cause(
    tmp_path: Path, provider: Provider
) -> None:
    ada, *rest = at_provider(provider.url)
    keyless = ada.model_copy(update={"api_key_env": "NSED_NO_SUCH_KEY"})
    async with server(tmp_path, settings=settings_of(keyless, *rest)) as here:
        found = (await here.client.get("/readyz")).json()

    assert found["status"] == "degraded"
    assert "NSED_NO_SUCH_KEY" in found["experts"][0]["reason"]


async def test_with_keys_strangers_are_told_nothing_and_callers_no_causes(
    tmp_path: Path, provider: Provider
) -> None:
    provider.answers["cy"] = [Answer(status=500, message="at 10.1.2.3")]
    settings = settings_of(*at_provider(provider.url))
    async with server(tmp_path, settings=settings, keys={"ann": {}}) as here:
        stranger = await here.client.get("/readyz")
        asked = len(provider.seen)
        known = await here.client.get("/readyz", headers=here.bearer("ann"))

    assert (stranger.status_code, asked) == (401, 0)
    assert known.json()["experts"][2] | {"latency_ms": 0} == {
        "name": "cy",
        "up": False,
        "reason": "down",
        "latency_ms": 0,
    }


async def test_what_was_found_is_kept_for_a_while_and_trouble_not_so_long(
    tmp_path: Path, provider: Provider
) -> None:
    now = 0.0
    async with server(
        tmp_path, settings=settings_of(*at_provider(provider.url))
    ) as here:
        here.app.state.readiness.now = lambda: now

        async def asked_at(second: float) -> int:
            nonlocal now
            now = second
            provider.seen.clear()
            await here.client.get("/readyz")
            return len(provider.seen)

        assert [await asked_at(second) for second in (0, 59, 60)] == [3, 0, 3]
        provider.answers["cy"] = [Answer(status=401)]
        assert [await asked_at(second) for second in (120, 129, 130)] == [3, 0, 3]


async def test_a_client_who_hangs_up_does_not_make_the_next_one_ask_again(
    tmp_path: Path, provider: Provider
) -> None:
    heard = threading.Semaphore(0)

    def late(_: Seen) -> Answer:
        heard.release()
        return Answer(delay_s=0.1)

    provider.answers["*"] = late
    settings = settings_of(*at_provider(provider.url))
    async with server(tmp_path, settings=settings) as here:
        check = here.app.state.readiness
        impatient = asyncio.create_task(check())
        for _ in range(3):
            assert await asyncio.to_thread(heard.acquire, timeout=20)
        impatient.cancel()
        found = await check()

    assert found.status == "ready"
    assert len(provider.seen) == 3
