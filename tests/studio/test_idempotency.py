"""Idempotency keys: one run for one question, however often it is sent."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, server
from panel import Recorder

from nsed.models.base import Reply, Request
from nsed.models.failures import CallError
from nsed.studio.idempotency import Idempotency

QUESTION = [{"role": "user", "content": "What is 6 * 7?"}]


class Held:
    """Experts who wait until they are let go."""

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        self.hire = Recorder(**dict.fromkeys(("ada", "bob", "cy"), self))

    async def __call__(self, _: Request) -> None:
        self.asked.set()
        await self.go.wait()


async def ask(here: Here, key: str, who: str = "", **more: Any) -> Any:
    return await here.client.post(
        "/v1/chat/completions",
        json={"model": "nsed-fast", "messages": QUESTION, **more},
        headers={"idempotency-key": key, **here.bearer(who)},
    )


def runs(here: Here) -> int:
    return len(here.app.state.service._runs)


async def test_the_same_key_is_the_same_run_also_while_it_is_at_work(
    tmp_path: Path,
) -> None:
    held = Held()
    async with server(tmp_path, hire=held.hire) as here:
        first, second = (asyncio.create_task(ask(here, "k")) for _ in range(2))
        await held.asked.wait()
        held.go.set()
        one, two = await asyncio.gather(first, second)
        three = await ask(here, "k")

        assert one.status_code == 200
        assert one.json() == two.json() == three.json()
        assert runs(here) == 1


async def test_a_stream_can_be_had_again_from_its_beginning(tmp_path: Path) -> None:
    async with server(tmp_path) as here:
        one, two = [await ask(here, "k", stream=True) for _ in range(2)]

        assert one.text == two.text
        assert runs(here) == 1


@pytest.mark.parametrize(
    "other", [{"stream": True}, {"messages": [{"role": "user", "content": "?"}]}]
)
async def test_a_key_is_for_one_request(tmp_path: Path, other: dict[str, Any]) -> None:
    async with server(tmp_path) as here:
        await ask(here, "k")
        reply = await ask(here, "k", **other)

    assert reply.status_code == 422
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (
        "idempotency_key_reused",
        "Idempotency-Key",
    )


async def test_two_callers_may_use_the_same_key(tmp_path: Path) -> None:
    async with server(tmp_path, keys={"ann": {}, "ben": {}}) as here:
        one, two = [await ask(here, "k", who) for who in ("ann", "ben")]

    assert one.json()["id"] != two.json()["id"]


async def test_a_failure_is_remembered_for_asking_again_would_cost_again(
    tmp_path: Path,
) -> None:
    def failing(_: Request) -> Reply:
        raise CallError("server_error", "down")

    hire = Recorder(ada=failing, bob=failing, cy=failing)
    async with server(tmp_path, hire=hire) as here:
        one, two = [await ask(here, "k") for _ in range(2)]

        assert one.status_code == two.status_code == 502
        assert one.json() == two.json()
        assert runs(here) == 1


async def test_what_was_never_let_in_is_not_remembered(tmp_path: Path) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": {"runs_per_minute": 1}}
    async with server(tmp_path, keys=keys) as here:
        assert (await ask(here, "k1", "ann")).status_code == 200
        assert (await ask(here, "k2", "ann")).status_code == 429
        here.admission.limits.clock = lambda: 1e9
        again = await ask(here, "k2", "ann")

    assert again.status_code == 200


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_a_length(tmp_path: Path, key: str) -> None:
    async with server(tmp_path) as here:
        reply = await ask(here, key)

    assert (reply.status_code, reply.json()["error"]["param"]) == (
        400,
        "Idempotency-Key",
    )


class Done:
    broken, done = False, True


class AtWork:
    broken, done = False, False


def keep(kept: Idempotency, key: str, made: Any) -> bool:
    """Ask with a key; whether a new one was made."""
    return kept.find("ann", key, b"x", lambda: made) is made


def test_a_key_is_kept_for_its_lifetime() -> None:
    now = 0.0
    kept = Idempotency(lifetime_s=10, now=lambda: now)

    assert keep(kept, "k", Done())
    now = 9.9
    assert not keep(kept, "k", Done())
    now = 10.0
    assert keep(kept, "k", Done())


def test_memory_is_bounded_and_what_is_at_work_stays_longest() -> None:
    kept = Idempotency(most=3)
    work = AtWork()

    assert keep(kept, "at work", work)
    for number in range(10):
        assert keep(kept, f"k{number}", Done())
        assert len(kept._kept) <= 3
    assert not keep(kept, "at work", Done())
    for number in range(5):
        keep(kept, f"w{number}", AtWork())
    assert len(kept._kept) == 3
