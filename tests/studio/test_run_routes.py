"""The run API: what each route does, for whom, and what it refuses."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from panel import Recorder
from run_api import HELD, TASK, Held, Here, api, events_of

from nsed.protocol.errors import ConfigError, ExpertError

Kept = pytest.mark.parametrize("kept", [False, True], ids=["in memory", "on file"])


def place(kept: bool, folder: Path) -> Path | None:
    return folder if kept else None


@Kept
async def test_a_question_becomes_a_run_with_an_answer(
    kept: bool, tmp_path: Path
) -> None:
    async with api(place(kept, tmp_path)) as here:
        id_ = await here.ask()
        end = await here.ended(id_)
        told = await here.told(id_)
        (listed,) = (await here.get("/runs")).json()["runs"]

    assert end == {"state": "finished", "reason": ""}
    assert (told["state"], told["steps"], told["question"]) == ("finished", [], None)
    assert told["run"]["verdict"]["answer"] == "42"
    assert told["trail"]["status"] == "unsigned"
    assert listed == {
        "id": id_,
        "task": TASK,
        "state": "finished",
        "begun_at": listed["begun_at"],
        "rounds": 2,
        "answer": "42",
        "usd": 0.0,
        "reason": None,
        "forked_from": None,
        "graph": "deliberation",
    }


async def test_a_run_at_work_is_told_as_far_as_it_is(tmp_path: Path) -> None:
    held = Held()
    async with api(tmp_path, hire=held.recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        told = await here.told(id_)
        (listed,) = (await here.get("/runs")).json()["runs"]
        held.let_go()
        await here.ended(id_)

    assert (told["state"], told["steps"]) == ("running", ["proposer"])
    assert told["run"]["verdict"] is None
    assert told["trail"]["status"] == "none"
    assert (listed["state"], listed["answer"]) == ("running", None)


@Kept
async def test_a_failed_run_keeps_its_record_and_says_why(
    kept: bool, tmp_path: Path
) -> None:
    def down(_: object) -> None:
        raise ExpertError("connection", "nobody there")

    hire = Recorder(ada=down, bob=down, cy=down)
    async with api(place(kept, tmp_path), hire=hire) as here:
        id_ = await here.ask()
        end = await here.ended(id_)
        told = await here.told(id_)
        if kept:  # as another server would show it
            here.service._runs.clear()
            later, record = await here.told(id_), await here.record(id_)
            assert later["run"]["verdict"]["status"] == "failed"
            assert record.verdict.failure == end["reason"]
            assert later["run"]["absences"] == told["run"]["absences"]
            assert (later["state"], later["reason"]) == ("failed", end["reason"])

    assert end["state"] == "failed"
    assert "0 of 1 required experts" in end["reason"]
    assert told["run"]["verdict"]["status"] == "failed"


async def test_a_stopped_run_has_its_best_answer_so_far() -> None:
    async with api(hire=Held().recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        reply = await here.post(f"/runs/{id_}/stop")
        record = await here.record(id_)

    assert reply.json() == {"id": id_, "state": "finished", "reason": ""}
    assert record.verdict.stop_reason == "user_stop"


@Kept
async def test_a_cancelled_run_is_resumed_and_asks_nobody_twice(
    kept: bool, tmp_path: Path
) -> None:
    held = Held()
    async with api(place(kept, tmp_path), hire=held.recorder) as here:
        id_ = await here.ask(HELD)
        await here.until(id_, "proposed")
        cancelled = (await here.post(f"/runs/{id_}/cancel")).json()
        shown = await here.told(id_)
        again = await here.post(f"/runs/{id_}/cancel")
        held.let_go()
        resumed = (await here.post(f"/runs/{id_}/resume")).json()
        end = await here.ended(id_)
        told = await here.told(id_)

    assert cancelled["state"] == shown["state"] == "cancelled"
    assert again.status_code == 409
    assert (resumed["state"], end["state"]) == ("running", "finished")
    assert told["run"]["verdict"]["answer"] == "42"
    proposers = [n for n, asked in held.recorder.asked if asked.phase == "propose"]
    assert proposers.count("cy") == 3  # cut off once; two rounds
    if kept:
        assert proposers.count("ada") == 2


@Kept
async def test_numbers_of_events_go_on_when_a_run_does(
    kept: bool, tmp_path: Path
) -> None:
    async with api(place(kept, tmp_path), human_review=True) as here:
        id_ = await here.ask()
        await here.ended(id_)
        first = events_of((await here.get(f"/runs/{id_}/events")).text)
        await here.post(f"/runs/{id_}/decide", {"action": "approve"})
        seen = str(first[-2][1])
        await here.ended(id_)
        reply = await here.get(f"/runs/{id_}/events", **{"last-event-id": seen})
        rest = events_of(reply.text)
        whole = events_of((await here.get(f"/runs/{id_}/events")).text)

    assert rest[0][1] == first[-2][1] + 1
    assert rest[0][2]["event"] == "decided"
    assert whole == [*first[:-1], *rest]


@Kept
@pytest.mark.parametrize("forgotten", [False, True], ids=["live", "forgotten"])
async def test_a_run_that_waits_takes_a_decision_that_fits(
    kept: bool, forgotten: bool, tmp_path: Path
) -> None:
    if forgotten and not kept:
        pytest.skip("what is forgotten and not on file is gone")
    hire = Recorder()
    async with api(place(kept, tmp_path), hire=hire, human_review=True) as here:
        id_ = await here.ask()
        end = await here.ended(id_)
        if forgotten:
            here.service._runs.clear()
        told = await here.told(id_)
        resumed = await here.post(f"/runs/{id_}/resume")
        wrong = [
            await here.post(f"/runs/{id_}/decide", body)
            for body in (
                {"action": "veto"},
                {"action": "approve", "note": "x"},
                {"action": "dance"},
                {"action": "approve", "extra": 1},
                {"action": "note", "note": "\udc00"},
            )
        ]
        stranger = await here.post(
            f"/runs/{id_}/decide", {"action": "veto", "veto": "r9-1"}
        )
        decided = await here.post(
            f"/runs/{id_}/decide", {"action": "note", "note": "mind the sign"}
        )
        second = await here.ended(id_)
        stopped = await here.post(f"/runs/{id_}/stop")
        final = await here.record(id_)

    assert end == {
        "state": "waiting",
        "reason": "it waits for a decision after round 1",
    }
    assert told["question"]["round"] == 1
    assert told["steps"] == ["human_review"]
    assert resumed.json()["state"] == "waiting"
    assert [reply.status_code for reply in wrong] == [422] * 5
    assert stranger.status_code == 400
    assert "r9-1" in stranger.json()["error"]["message"]
    assert decided.json()["state"] == "running"
    assert second["state"] == "waiting"
    assert stopped.json()["state"] == "finished"
    assert final.interventions["1"].note == "mind the sign"
    notes = [a for _, a in hire.asked if "mind the sign" in a.messages[-1].content]
    assert notes


@Kept
async def test_a_fork_is_another_run_that_knows_its_source(
    kept: bool, tmp_path: Path
) -> None:
    async with api(place(kept, tmp_path)) as here:
        id_ = await here.ask()
        await here.ended(id_)
        reply = await here.post(
            f"/runs/{id_}/fork",
            {"from_round": 2, "knobs": {"rule": "borda", "seed": 5}},
        )
        child = reply.json()["id"]
        end = await here.ended(child)
        told = await here.told(child)
        forked, source = await here.record(child), await here.record(id_)
        first = await here.post(f"/runs/{id_}/fork", {"from_round": 1})
        afresh = await here.ended(first.json()["id"])
        listed = (await here.get("/runs")).json()["runs"]

    assert reply.status_code == 201
    assert end["state"] == afresh["state"] == "finished"
    assert told["run"]["forked_from"] == f"{id_}, before round 2"
    assert (forked.context.rule, source.context.rule) == ("borda", "signed")
    before = {k: one for k, one in source.proposals.items() if one.round == 1}
    assert forked.proposals.items() >= before.items()
    assert [run["forked_from"] for run in listed] == [
        f"{id_}, before round 1",
        f"{id_}, before round 2",
        None,
    ]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"from_round": 2, "knobs": {"gama": 1}}, 400, "Did you mean 'gamma'?"),
        ({"from_round": 2, "knobs": {"gamma": 7}}, 400, "knobs.gamma: "),
        ({"from_round": 2, "knobs": {"max_usd": None}}, 400, "no fork may set"),
        ({"from_round": 2, "knobs": {"experts": []}}, 400, "no fork may set"),
        ({"from_round": 2, "knobs": {"pins": ["ada"]}}, 400, "no fork may set"),
        ({"from_round": 9}, 400, "give 1 to 3"),
        ({"from_round": 0}, 422, "from_round"),
        ({"from_round": 2, "preset": "deep"}, 422, "preset"),
        ({}, 422, "from_round"),
    ],
)
async def test_a_fork_that_cannot_be_is_refused_and_leaves_nothing(
    body: dict[str, Any], status: int, words: str, tmp_path: Path
) -> None:
    async with api(tmp_path) as here:
        id_ = await here.ask()
        await here.ended(id_)
        reply = await here.post(f"/runs/{id_}/fork", body)
        listed = (await here.get("/runs")).json()["runs"]

    assert reply.status_code == status
    assert words in reply.json()["error"]["message"]
    assert [run["id"] for run in listed] == [id_]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"task": "x", "colour": 1}, 422, "colour"),
        ({"task": ""}, 422, "task"),
        ({"task": " \n"}, 422, "task"),
        ({"task": "a" * 200_001}, 422, "task"),
        ({"task": "nul \0"}, 422, "task"),
        ({"task": 7}, 422, "task"),
        ({}, 422, "task"),
        ([], 422, None),
        ({"task": "x", "preset": "fsat"}, 400, None),
        ({"task": "x", "preset": 3}, 422, "preset"),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused_by_name(
    body: Any, status: int, param: str | None
) -> None:
    hire = Recorder()
    async with api(hire=hire) as here:
        reply = await here.post("/runs", body)

    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert error["param"] == param
    assert error["message"]
    assert not hire.asked


@pytest.mark.parametrize("body", ["{", '{"task": "half \\ud800"}', "[NaN", "\\"])
async def test_what_is_no_json_or_no_unicode_is_refused_in_the_same_shape(
    body: str,
) -> None:
    async with api() as here:
        reply = await here.client.post(
            "/api/runs", content=body, headers={"content-type": "application/json"}
        )

    assert reply.status_code in (400, 422)
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize("depth", [100, 500, 900, 960, 100_000])
async def test_json_that_is_nested_deeply_is_refused(depth: int) -> None:
    async with api() as here:
        id_ = await here.ask()
        await here.ended(id_)
        nested = "[" * depth + "]" * depth
        reply = await here.client.post(
            f"/api/runs/{id_}/fork",
            content=f'{{"from_round": 1, "knobs": {{"gamma": {nested}}}}}',
            headers={"content-type": "application/json"},
        )

    assert reply.status_code in (400, 422), reply.text
    assert reply.json()["error"]["message"], reply.text


@pytest.mark.parametrize("verb", ["stop", "cancel", "resume", "decide"])
async def test_what_a_finished_run_does_not_take_is_a_conflict(verb: str) -> None:
    async with api() as here:
        id_ = await here.ask()
        await here.ended(id_)
        body = {"action": "approve"} if verb == "decide" else None
        reply = await here.post(f"/runs/{id_}/{verb}", body)

    assert reply.status_code == 409
    assert "it is finished" in reply.json()["error"]["message"]


@pytest.mark.parametrize("verb", ["resume", "decide"])
async def test_what_a_run_at_work_does_not_take_is_a_conflict(verb: str) -> None:
    async with api(hire=Held().recorder) as here:
        id_ = await here.ask(HELD)
        body = {"action": "approve"} if verb == "decide" else None
        reply = await here.post(f"/runs/{id_}/{verb}", body)

    assert reply.status_code == 409
    assert "it is at work" in reply.json()["error"]["message"]


async def test_one_of_two_decisions_at_a_time_is_taken(tmp_path: Path) -> None:
    async with api(tmp_path, human_review=True) as here:
        id_ = await here.ask()
        await here.ended(id_)
        replies = await asyncio.gather(
            *(here.post(f"/runs/{id_}/decide", {"action": "approve"}) for _ in range(4))
        )
        await here.ended(id_)
        record = await here.record(id_)

    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
    assert list(record.interventions) == ["1"]


@Kept
async def test_a_decision_is_not_taken_for_another_question(
    kept: bool, tmp_path: Path
) -> None:
    async with api(place(kept, tmp_path), human_review=True) as here:
        id_ = await here.ask()
        await here.ended(id_)
        late = asyncio.Event()
        here.admission.turns = [late]
        first = asyncio.create_task(
            here.post(f"/runs/{id_}/decide", {"action": "note", "note": "too late"})
        )
        await here.admission.waiting.wait()
        await here.post(f"/runs/{id_}/decide", {"action": "approve"})
        assert (await here.ended(id_))["state"] == "waiting"  # after round 2
        late.set()
        reply = await first
        told, record = await here.told(id_), await here.record(id_)

    assert reply.status_code == 409
    assert "has gone on" in reply.json()["error"]["message"]
    assert record.interventions.keys() == {"1"}
    assert told["question"]["round"] == 2


@Kept
async def test_a_run_that_could_not_begin_says_why_and_can_be_begun_again(
    kept: bool, tmp_path: Path
) -> None:
    recorder, mended = Recorder(), False

    def hire(config: Any) -> Any:
        if not mended:
            raise ConfigError("ada: no API key is set")
        return recorder(config)

    async with api(place(kept, tmp_path), hire=hire) as here:
        id_ = await here.ask()
        end = await here.ended(id_)
        told = await here.told(id_)
        mended = True
        resumed = await here.post(f"/runs/{id_}/resume")
        after = await here.ended(id_)
        here.service._runs.clear() if kept else None
        listed = (await here.get("/runs")).json()["runs"]

    assert end == {"state": "failed", "reason": "ada: no API key is set"}
    assert told["run"]["verdict"] is None
    assert resumed.status_code == 200
    assert after["state"] == "finished"
    assert [run["state"] for run in listed] == ["finished"]


async def every_route(here: Here, id_: str, checkpoint: str) -> list[int]:
    replies = [
        await here.get(f"/runs/{id_}"),
        await here.get(f"/runs/{id_}/events"),
        await here.get(f"/runs/{id_}/checkpoints"),
        await here.get(f"/runs/{id_}/checkpoints/{checkpoint}"),
        await here.post(f"/runs/{id_}/stop"),
        await here.post(f"/runs/{id_}/cancel"),
        await here.post(f"/runs/{id_}/resume"),
        await here.post(f"/runs/{id_}/decide", {"action": "approve"}),
        await here.post(f"/runs/{id_}/fork", {"from_round": 1}),
    ]
    return [reply.status_code for reply in replies]


@Kept
async def test_a_run_of_somebody_else_is_not_there(kept: bool, tmp_path: Path) -> None:
    async with api(place(kept, tmp_path), hire=Held().recorder) as here:
        ann, ben = here.as_("ann"), here.as_("ben")
        id_ = await ann.ask(HELD)
        await ann.until(id_, "bound")
        checkpoint = (await ann.get(f"/runs/{id_}/checkpoints")).json()["checkpoints"]
        for other in (ben, here):
            assert await every_route(other, id_, checkpoint[0]["id"]) == [404] * 9
            assert (await other.get("/runs")).json()["runs"] == []
        strange = (await ben.get(f"/runs/{id_}")).json()
        missing = (await ben.get("/runs/nothing")).json()
        mine = await ann.told(id_)
        if kept:
            here.service._runs[id_].run.owner = "ann"
            await here.service._runs[id_].cancel()
            here.service._runs.clear()  # now only the disk knows
            for other in (ben, here):
                assert await every_route(other, id_, checkpoint[0]["id"]) == [404] * 9
            assert (await ann.told(id_))["state"] == "open"

    assert (
        strange
        == missing
        == {"error": {"message": "there is no such run", "param": None}}
    )
    assert mine["state"] == "running"


async def test_every_run_is_let_in_under_its_preset(tmp_path: Path) -> None:
    async with api(tmp_path, human_review=True) as here:
        id_ = await here.ask(preset="fast")
        await here.ended(id_)
        await here.post(f"/runs/{id_}/decide", {"action": "stop"})
        await here.ended(id_)
        await here.post(f"/runs/{id_}/fork", {"from_round": 1})

    assert here.admission.entered == [("", "fast")] * 3


async def test_the_list_is_the_newest_first_and_no_longer_than_asked(
    tmp_path: Path,
) -> None:
    async with api(tmp_path) as here:
        ids = [await here.ask() for _ in range(3)]
        for id_ in ids:
            await here.ended(id_)
        here.service._runs.popitem()
        listed = (await here.get("/runs?most=2")).json()["runs"]
        wrong = await here.get("/runs?most=0")

    assert [run["id"] for run in listed] == [ids[2], ids[1]]
    assert wrong.status_code == 422


async def test_a_long_task_is_cut_off_in_the_list_only() -> None:
    async with api() as here:
        id_ = await here.ask("What is 6 * 7? " + "x" * 5000)
        (listed,) = (await here.get("/runs")).json()["runs"]
        told = await here.told(id_)

    assert len(listed["task"]) == 1001
    assert len(told["run"]["task"]) == 5015


@pytest.mark.parametrize("graph", ["deliberation", "single_expert", "majority_vote"])
async def test_a_graph_can_be_drawn(graph: str) -> None:
    async with api() as here:
        drawn = (await here.get(f"/graph/{graph}")).json()

    assert {"__start__", "broker", "proposer", "verdict"} <= set(drawn["nodes"])
    ends = {edge["source"] for edge in drawn["edges"]} | {
        edge["target"] for edge in drawn["edges"]
    }
    assert ends == set(drawn["nodes"])
    loops = {"source": "human_review", "target": "broker", "conditional": True}
    assert (loops in drawn["edges"]) == (graph == "deliberation")


async def test_there_is_no_other_graph() -> None:
    async with api() as here:
        reply = await here.get("/graph/star")

    assert (reply.status_code, reply.json()["error"]["message"]) == (
        404,
        "there is no such graph",
    )


async def test_a_closing_server_begins_nothing() -> None:
    async with api() as here:
        await here.service.aclose()
        await here.service.aclose()
        reply = await here.post("/runs", {"task": TASK})

    assert reply.status_code in (409, 503)
    assert "about to end" in reply.json()["error"]["message"]
