"""The offline debugger's routes: a run after each of its steps."""

import json
from pathlib import Path
from typing import Any

import pytest
from run_api import HELD, Held, Here, api

from nsed.studio import checkpoint_view

Kept = pytest.mark.parametrize("kept", [False, True], ids=["in memory", "on file"])


async def steps(here: Here, id_: str, query: str = "") -> list[dict[str, Any]]:
    reply = await here.get(f"/runs/{id_}/checkpoints{query}")
    assert reply.status_code == 200, reply.text
    return list(reply.json()["checkpoints"])


@Kept
async def test_every_step_of_a_run_is_there_in_order(
    kept: bool, tmp_path: Path
) -> None:
    async with api(tmp_path if kept else None, rounds=1) as here:
        id_ = await here.ask()
        await here.ended(id_)
        found = await steps(here, id_)

    assert [(one["step"], *one["next"]) for one in found] == [
        (-1, "__start__"),
        (0, "opening"),
        (1, "broker"),
        (2, "proposer"),
        (3, "identity_mask"),
        (4, "peer_review"),
        (5, "quadratic_voting"),
        (6, "forget_gate"),
        (7, "stopping"),
        (8, "human_review"),
        (9, "synthesizer"),
        (10, "verdict"),
        (11,),
    ]
    assert found[-1]["writes"][0]["channel"] == "verdict"


async def test_a_step_says_what_it_wrote_and_how_much() -> None:
    async with api(rounds=1) as here:
        id_ = await here.ask()
        await here.ended(id_)
        found = await steps(here, id_)
        after = next(one for one in found if one["next"] == ["identity_mask"])
        state = (await here.get(f"/runs/{id_}/checkpoints/{after['id']}")).json()

    writes = {one["channel"]: one["bytes"] for one in after["writes"]}
    assert writes.keys() == {"proposals", "calls"}
    whole = len(json.dumps(state["state"]["proposals"]))
    assert 0.9 * whole < writes["proposals"] < 1.1 * whole + 10
    assert after["round"] == 1


async def test_the_state_at_a_checkpoint_is_what_it_was_then() -> None:
    async with api(rounds=2) as here:
        id_ = await here.ask()
        await here.ended(id_)
        found = await steps(here, id_)
        masked = next(one for one in found if one["next"] == ["identity_mask"])
        then = (await here.get(f"/runs/{id_}/checkpoints/{masked['id']}")).json()
        last = (await here.get(f"/runs/{id_}/checkpoints/{found[-1]['id']}")).json()

    texts = sorted(one["text"] for one in then["state"]["proposals"].values())
    assert texts == [
        "6 * 7 = 42\nAnswer: 42",
        "Answer: 41",
        "six sevens are 42\nAnswer: 42",
    ]
    assert not then["state"]["ballots"]
    assert then["left_out"] == []
    assert (then["step"], then["round"], then["next"]) == (3, 1, ["identity_mask"])
    assert last["state"]["verdict"]["answer"] == "42"


async def test_the_latest_steps_are_given_where_there_are_more() -> None:
    async with api(rounds=1) as here:
        id_ = await here.ask()
        await here.ended(id_)
        every = await steps(here, id_)
        latest = await steps(here, id_, "?most=5")
        wrong = await here.get(f"/runs/{id_}/checkpoints?most=501")

    assert latest == every[-5:]
    assert latest[0]["writes"]  # also of the first of them
    assert wrong.status_code == 422


async def test_a_run_at_work_shows_the_steps_so_far() -> None:
    held = Held()
    async with api(hire=held.recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        found = await steps(here, id_)
        held.let_go()
        await here.ended(id_)

    assert found[-1]["next"] == ["proposer"]


async def test_what_does_not_fit_is_left_out_whole_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoint_view, "MOST_BYTES", 600)
    async with api(rounds=1) as here:
        id_ = await here.ask()
        await here.ended(id_)
        last = (await steps(here, id_))[-1]["id"]
        told = (await here.get(f"/runs/{id_}/checkpoints/{last}")).json()

    left_out = {one["channel"] for one in told["left_out"]}
    assert "calls" in left_out
    assert "task" in told["state"]
    assert not left_out & told["state"].keys()
    assert len(json.dumps(told["state"])) < 1200


@pytest.mark.parametrize("id_", ["1f1e7efd-f183-651b-8012-da82bef105e0", "x"])
async def test_there_is_no_other_checkpoint(id_: str) -> None:
    async with api(rounds=1) as here:
        run = await here.ask()
        await here.ended(run)
        reply = await here.get(f"/runs/{run}/checkpoints/{id_}")

    assert reply.status_code == 404
    assert reply.json()["error"]["message"] == "there is no such checkpoint"


async def test_a_checkpoint_of_another_run_is_not_there() -> None:
    async with api(rounds=1) as here:
        one, other = await here.ask(), await here.ask()
        await here.ended(one)
        await here.ended(other)
        id_ = (await steps(here, one))[-1]["id"]
        reply = await here.get(f"/runs/{other}/checkpoints/{id_}")

    assert reply.status_code == 404
