"""What the page is told of a run: all of it, worked out, and no secret."""

import asyncio
import json
from typing import Any

import pytest
from page_runs import (
    HOSTILE,
    degraded_run,
    failed_run,
    finished_run,
    hostile_run,
    panel_of,
)
from panel import Recorder, settings_for

from nsed.protocol.invisible import visible_text
from nsed.run import Run
from nsed.studio.run_view import run_view


async def test_it_is_plain_json_of_the_whole_run() -> None:
    record = await finished_run()
    view = json.loads(json.dumps(run_view(record), allow_nan=False))

    assert view["verdict"]["answer"] == "120"
    assert view["verdict"]["stop"]["reason"] == record.verdict.stop_reason
    assert [r["number"] for r in view["rounds"]] == [1, 2, 3]
    assert view["rounds"][0]["intervention"]["note"].startswith("Mind the time")
    first = view["rounds"][0]
    assert {p["expert"]: p["answer"] for p in first["proposals"]} == {
        "ada": "120",
        "bert": "145",
        "chidi": "170",
        "dora": "120",
        "emil": "145",
    }
    assert {p["expert"] for p in first["proposals"] if p["same"]} == {"ada", "dora"}
    assert [r["rule"] for r in first["tally"]["rules"]] == [
        "signed",
        "classic",
        "mean",
        "borda",
        "plurality",
    ]
    assert len(view["rounds"][1]["memory"]["dropped"]) == len(
        record.memories["2"].dropped
    )
    assert view["prompts"] == record.prompts


async def test_the_matrix_has_everybodys_word_on_everybody_else() -> None:
    record = await finished_run()
    matrix = run_view(record)["rounds"][0]["matrix"]
    tally = record.tallies["1"]

    for row in matrix["reviewers"]:
        ballot = record.ballots[f"r1.{row['reviewer']}"]
        for candidate, cell in zip(matrix["candidates"], row["cells"], strict=True):
            if candidate["expert"] == row["reviewer"]:
                assert cell == {"kind": "self"}
                continue
            assert cell["kind"] == "vote"
            assert cell["vote"] == tally.votes[row["reviewer"]][candidate["id"]]
            assert cell["weight"] == ballot.weights[candidate["id"]]
            assert ballot.shown["ABCDEF".index(cell["label"])] == candidate["id"]
    assert [c["support"] for c in matrix["candidates"]] == [
        tally.net_support[c["id"]] for c in matrix["candidates"]
    ]


async def test_who_was_absent_has_a_row_of_his_own() -> None:
    view = run_view(await degraded_run())
    rows = {r["reviewer"]: r for r in view["rounds"][0]["matrix"]["reviewers"]}

    assert rows["dora"]["absent"]
    assert [c["kind"] for c in rows["dora"]["cells"]].count("absent") == 4
    assert {a["expert"] for a in view["absences"]} == {"dora"}
    assert view["verdict"]["status"] == "degraded"


async def test_a_failed_run_has_its_reasons() -> None:
    view = run_view(await failed_run())

    assert view["verdict"]["status"] == "failed"
    assert view["verdict"]["stop"]["words"] == "too few took part"
    assert len(view["absences"]) == 5
    assert view["stop"]["rounds"] == []


async def test_a_run_at_work_has_no_verdict_and_ballots_that_may_come() -> None:
    async def hang(request: Any) -> None:
        if request.phase == "review":
            await asyncio.Event().wait()

    run = Run("?", settings_for(), hire=Recorder(cy=hang))

    async def play() -> None:
        async for _ in run.events():
            pass

    playing = asyncio.create_task(play())
    ballots: set[str] = set()
    while ballots < {"r1.ada", "r1.bob"}:
        await asyncio.sleep(0)
        ballots = set((await run.record_so_far()).ballots)
    view = run_view(await run.record_so_far())
    playing.cancel()

    assert view["verdict"] is None
    (round_,) = view["rounds"]
    kinds = {
        r["reviewer"]: [c["kind"] for c in r["cells"]]
        for r in round_["matrix"]["reviewers"]
    }
    assert kinds["cy"] == ["pending", "pending", "self"]
    assert kinds["bob"] == ["vote", "self", "vote"]
    assert round_["tally"] is None


async def test_the_evidence_is_held_against_what_was_asked_for() -> None:
    record = await finished_run()
    stop = run_view(record)["stop"]
    curve = record.context.curve

    assert stop["needed"] == record.context.effort * curve.evidence_ceiling(3)
    assert [e["evidence"] for e in stop["evidence"]] == [
        t.evidence for t in record.tallies.values()
    ]
    assert stop["rounds"] == [[n, round(curve.utility(n), 5)] for n in (1, 2, 3)]
    assert stop["curve"][0] == [0, 0.6]


async def test_the_bill_adds_up_over_experts_and_phases() -> None:
    bill = run_view(await finished_run())["bill"]

    for field in ("calls", "input_tokens", "output_tokens", "failed"):
        assert sum(e[field] for e in bill["experts"]) == bill["total"][field]
        assert sum(p[field] for p in bill["by_phase"].values()) == bill["total"][field]
    assert bill["phases"] == ["propose", "review", "synthesize"]


async def test_no_hidden_character_is_left() -> None:
    text = json.dumps(run_view(await hostile_run()), ensure_ascii=False)

    assert visible_text(text) == text
    assert "\\\\u202eright to left" in text
    assert any(attack in json.loads(text)["verdict"]["notes"] for attack in HOSTILE)


@pytest.mark.parametrize("where", ["base_url", "api_key_file", "model_kwargs"])
async def test_no_secret_and_no_address_is_told(where: str) -> None:
    record = await finished_run()
    address: Any = "http://user:hunter2@host/v1"
    value = {"password": address} if where == "model_kwargs" else address
    experts = tuple(e.model_copy(update={where: value}) for e in record.context.experts)
    context = record.context.model_copy(update={"experts": experts})

    view = run_view(record.model_copy(update={"context": context}))

    assert "hunter2" not in json.dumps(view)
    assert [e["name"] for e in view["experts"]] == [e.name for e in panel_of()]
