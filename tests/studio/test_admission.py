"""Admission: budgets, rates and places of each key, kept whatever happens to a run."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from a_server import Here, priced_panel, server
from panel import Recorder

from nsed.config.settings import Settings
from nsed.models.base import Reply, Request
from nsed.protocol.usage import NANO_USD, Usage
from nsed.state.expert_config import ExpertConfig
from nsed.studio.accounts import Account, open_accounts
from nsed.studio.admission import Caller
from nsed.studio.run_limits import RunLimits

TASK = "What is 6 * 7?"
ENOUGH = {"budget_usd": 1.0, "usd_per_run": 0.05}


async def account(here: Here, name: str) -> Account:
    await asyncio.gather(*here.admission._leaving)
    assert here.admission.accounts is not None
    return await here.admission.accounts.account(name)


def code(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


async def until(so: Callable[[], bool]) -> None:
    """Let others work until it is so."""
    while not so():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


async def hang(_: Request) -> None:
    await asyncio.Event().wait()


def costly(request: Request) -> Reply:
    """Answer right, at the highest price that a call may have."""
    text = '{"A": 1}' if request.json_schema else "Answer: 42"
    tokens = request.prompt_bytes + 64 + request.max_output_tokens
    return Reply(text, Usage(calls=1, nano_usd=1000 * tokens))


async def test_what_a_run_costs_is_booked(tmp_path: Path) -> None:
    async with server(tmp_path, keys={"ann": ENOUGH}) as here:
        reply = await here.ask("ann", TASK)
        assert reply.json()["answer"] == "42"
        record = await here.app.state.service.record(reply.json()["run"], "ann")
        found = await account(here, "ann")

    assert record.context.max_usd == 0.05
    assert found == Account(spent=record.verdict.usage.nano_usd, runs=1)
    assert found.spent > 0


async def test_a_run_without_a_cap_gets_a_share_of_what_is_free(
    tmp_path: Path,
) -> None:
    keys = {"ann": {"budget_usd": 0.9, "concurrent": 3}}
    hire = Recorder(ada=hang, bob=hang, cy=hang)
    async with server(tmp_path, keys=keys, hire=hire) as here:
        for taken in (300_000_000, 600_000_000, 900_000_000):
            reply = await here.ask("ann", TASK, leave=True)
            assert reply.status_code == 200
            assert here.admission.accounts is not None
            now = await here.admission.accounts.account("ann")
            assert now.set_aside == taken
        assert code(await here.ask("ann", TASK)) == (429, "rate_limit_exceeded")
        await until(lambda: len(hire.asked) >= 9)
        await here.app.state.service.aclose()
        found = await account(here, "ann")

    assert found.set_aside == 0
    assert found.runs == 3
    # Three calls of each run were at work; their worst cases count.
    assert 0 < found.spent < 0.9 * NANO_USD
    assert here.admission.limits.at_work("ann") == 0


async def test_a_spent_budget_is_insufficient_quota_also_after_a_restart(
    tmp_path: Path,
) -> None:
    keys = {"ann": {"budget_usd": 0.02, "usd_per_run": 0.02}}
    hire = Recorder(ada=costly, bob=costly, cy=costly)
    async with server(tmp_path, keys=keys, hire=hire) as here:
        replies = [await here.ask("ann", TASK, **{"raise": True}) for _ in range(9)]
        spent = (await account(here, "ann")).spent
        token = here.tokens["ann"]
    async with server(tmp_path) as here:
        here.tokens["ann"] = token
        after = await here.ask("ann", TASK, **{"raise": True})

    assert replies[0].status_code == 200
    assert code(replies[-1]) == code(after) == (429, "insufficient_quota")
    assert after.headers["x-should-retry"] == "false"
    assert "retry-after" not in after.headers
    assert 0 < spent <= 0.02 * NANO_USD


async def test_a_budget_needs_known_prices_and_the_reply_says_so(
    tmp_path: Path,
) -> None:
    unknown = priced_panel()[0].model_copy(
        update={"name": "dee", "usd_per_mtok_input": None}
    )
    settings = Settings(experts=(*priced_panel(), unknown))
    keys: dict[str, dict[str, Any]] = {
        "ann": {"budget_usd": 1, "concurrent": 2, "runs_per_minute": 2},
        "ben": {},
    }
    async with server(tmp_path, keys=keys, settings=settings) as here:
        refused = await here.ask("ann", TASK)
        free = await here.ask("ben", TASK)
        found = await account(here, "ben")

        for _ in range(3):  # what is refused holds no place and is no run
            assert code(await here.ask("ann", TASK)) == (403, "price_unknown")

    assert code(refused) == (403, "price_unknown")
    assert "'dee'" in refused.json()["error"]["message"]
    assert free.status_code == 200
    assert found.runs == 1


async def test_free_models_may_be_asked_when_nothing_is_left(tmp_path: Path) -> None:
    prices = {"usd_per_mtok_input": 0.0, "usd_per_mtok_output": 0.0}
    free = tuple(e.model_copy(update=prices) for e in priced_panel())
    async with server(
        tmp_path, keys={"ann": {"budget_usd": 0}}, settings=Settings(experts=free)
    ) as here:
        reply = await here.ask("ann", TASK)

    assert reply.json()["answer"] == "42"


async def test_what_the_broker_cannot_pay_is_the_keys_money_not_the_configuration(
    tmp_path: Path,
) -> None:
    keys = {"ann": {"budget_usd": 0.000001}}
    async with server(tmp_path, keys=keys) as here:
        reply = await here.ask("ann", TASK, **{"raise": True})
        found = await account(here, "ann")

    assert code(reply) == (429, "insufficient_quota")
    assert found.spent == 0


async def test_runs_a_minute_and_when_to_come_again(tmp_path: Path) -> None:
    keys = {"ann": {"runs_per_minute": 2}, "ben": {}}
    async with server(tmp_path, keys=keys) as here:
        now = 1000.0
        here.admission.limits.clock = lambda: now
        statuses = []
        for at in (1000, 1030, 1040, 1059, 1060, 1089.5, 1090):
            now = at
            reply = await here.ask("ann", TASK)
            statuses.append((reply.status_code, reply.headers.get("retry-after")))
        assert (await here.ask("ben", TASK)).status_code == 200

    assert statuses == [
        (200, None),
        (200, None),
        (429, "20"),
        (429, "1"),
        (200, None),
        (429, "1"),
        (200, None),
    ]


async def test_runs_at_one_time_of_a_key_and_of_all(tmp_path: Path) -> None:
    hire = Recorder(ada=hang, bob=hang, cy=hang)
    keys: dict[str, dict[str, Any]] = {"ann": {"concurrent": 2}, "ben": {}}
    async with server(tmp_path, keys=keys, hire=hire) as here:
        here.admission.limits.most = 3
        first = [await here.ask("ann", TASK, leave=True) for _ in range(3)]
        other = [await here.ask("ben", TASK, leave=True) for _ in range(2)]
        live = here.app.state.service.live(first[0].json()["run"], "ann")
        await live.cancel()
        await until(lambda: here.admission.limits.at_work("ann") == 1)
        again = await here.ask("ann", TASK, leave=True)

    assert [reply.status_code for reply in first] == [200, 200, 429]
    assert [reply.status_code for reply in other] == [200, 429]
    assert again.status_code == 200


async def test_a_key_may_use_its_presets_only(tmp_path: Path) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": {"presets": ("fast",)}, "ben": {}}
    async with server(tmp_path, keys=keys) as here:
        assert (await here.ask("ann", TASK, preset="fast")).status_code == 200
        for preset in (None, "deep"):
            reply = await here.ask("ann", TASK, preset=preset)
            assert code(reply) == (403, "model_not_allowed")
            assert (await here.ask("ben", TASK, preset=preset)).status_code == 200


async def test_the_page_is_told_which_presets_a_key_may_use(tmp_path: Path) -> None:
    keys: dict[str, dict[str, Any]] = {
        "ann": {"presets": ("fast",)},
        "ben": {"presets": ("fast", "default")},
        "cy": {},
    }
    found = {}
    async with server(tmp_path, keys=keys) as here:
        for name in keys:
            reply = await here.client.get("/api/runs", headers=here.bearer(name))
            found[name] = reply.json()["presets"]
        every = sorted(here.app.state.settings.presets)

    assert found == {"ann": ["fast"], "ben": [None, "fast"], "cy": [None, *every]}


async def test_a_door_that_counts_no_calls_and_says_nothing_pays_all(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, keys={"ann": ENOUGH}) as here:
        admission = here.admission
        config = here.app.state.settings.config()
        key = admission.ring.keys[0]
        caller = type("C", (), {"name": "ann", "key": key, "may_use": lambda *_: True})
        for spent in (None, Usage(nano_usd=5)):
            async with admission.enter(caller(), config) as granted:  # type: ignore[arg-type]
                granted.spent = spent
        found = await account(here, "ann")

    assert found == Account(spent=50_000_000 + 5, runs=2)


async def test_accounts_that_cannot_be_written_let_no_run_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: dict[str, dict[str, Any]] = {"ann": ENOUGH, "ben": {}}
    hire = Recorder()
    async with server(tmp_path, keys=keys, hire=hire) as here:
        accounts = here.admission.accounts
        assert accounts is not None

        async def full(*_: object, **__: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(accounts, "owe", full)
        lost = await here.ask("ann", TASK)
        asked = len(hire.asked)
        monkeypatch.setattr(accounts, "set_aside", full)
        refused = await here.ask("ann", TASK)

    assert code(lost) == (503, "accounts_unwritable")
    assert asked == 0
    assert code(refused) == (503, "accounts_unwritable")


async def test_whoever_comes_at_once_gets_an_equal_share(tmp_path: Path) -> None:
    keys = {"ann": {"budget_usd": 0.4, "concurrent": 4}}
    caps: list[float | None] = []
    async with server(tmp_path, keys=keys) as here:
        (key,) = here.admission.ring.keys
        ann, everybody = Caller(key.name, key), asyncio.Barrier(4)

        async def one() -> None:
            config = here.app.state.settings.config()
            async with here.admission.enter(ann, config) as granted:
                caps.append(granted.config.max_usd)
                await everybody.wait()

        await asyncio.gather(*(one() for _ in range(4)))

    assert caps == [0.1] * 4


async def test_two_keys_in_a_crowd_keep_their_budgets_and_share_nothing(
    tmp_path: Path,
) -> None:
    """120 runs at once, each as dear as may be; a third of them are cancelled."""
    keys = {
        "ann": {"budget_usd": 0.5, "concurrent": 40},
        "ben": {"budget_usd": 0.1, "usd_per_run": 0.01},
    }
    slow = asyncio.Event()

    async def dear(request: Request) -> Reply:
        await asyncio.sleep(0)
        if request.phase == "review" and not slow.is_set():
            await slow.wait()
        return costly(request)

    hire = Recorder(ada=dear, bob=dear, cy=dear)
    most = dict.fromkeys(keys, 0)
    async with server(tmp_path, keys=keys, hire=hire) as here:
        assert here.admission.accounts is not None

        async def look() -> None:
            assert here.admission.accounts is not None
            for name in keys:
                now = await here.admission.accounts.account(name)
                most[name] = max(most[name], now.spent + now.set_aside)

        async def one(n: int) -> int:
            name = ("ann", "ben")[n % 2]
            reply = await here.ask(name, TASK, leave=n % 3 == 0)
            if n % 3 == 0 and reply.status_code == 200:
                live = here.app.state.service.live(reply.json()["run"], name)
                assert live is not None
                await live.cancel()
            if n % 10 == 0:
                await look()
                slow.set()
            return int(reply.status_code)

        statuses = await asyncio.gather(*(one(n) for n in range(120)))
        for name in keys:
            await account(here, name)
        await look()
        ends = {name: await account(here, name) for name in keys}

    assert set(statuses) <= {200, 429}
    for name, limits in keys.items():
        budget = int(limits["budget_usd"] * NANO_USD)
        assert most[name] <= budget
        assert ends[name].set_aside == 0
        assert 0 < ends[name].spent <= budget
    total = sum(end.runs for end in ends.values())
    assert total == statuses.count(200)


def test_a_run_that_did_not_begin_counts_for_nothing() -> None:
    limits = RunLimits(10, clock=lambda: 0.0)
    for _ in range(5):
        limits.enter("ann", per_minute=1, concurrent=1)()

    limits.enter("ann", per_minute=1, concurrent=1)
    assert limits.at_work("ann") == 1


async def test_of_a_killed_server_the_next_one_books_what_was_owed(
    tmp_path: Path,
) -> None:
    place = tmp_path / "accounts.sqlite"
    keys = {"ann": {"budget_usd": 1.0, "usd_per_run": 0.5}}
    hire = Recorder(ada=hang, bob=hang, cy=hang)
    async with server(tmp_path, keys=keys, hire=hire) as here:
        await here.ask("ann", TASK, leave=True)
        await until(lambda: len(hire.asked) >= 3)
        rows = await here.admission.accounts.connection.execute_fetchall(  # type: ignore[union-attr]
            "SELECT nano_usd, owed FROM set_aside"
        )
        (aside, owed), *_ = rows
        config: ExpertConfig = priced_panel()[0]
        assert config.usd_per_mtok_output == 1.0
        # On file is what three calls can cost, not all that was set aside.
        assert 0 < owed < aside == NANO_USD // 2
    async with open_accounts(place) as accounts:
        assert (await accounts.account("ann")).spent == owed
