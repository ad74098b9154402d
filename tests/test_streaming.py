"""A deliberation as a stream of typed events."""

import asyncio
import contextvars
from pathlib import Path
from typing import Any

import pytest
from panel import Recorder, settings_for

import nsed
from nsed.checkpoints import open_checkpoints
from nsed.doors import adeliberate
from nsed.protocol.errors import ConfigError, DegradedError, QuorumError
from nsed.streaming import astream


async def test_events_tell_what_happened_and_the_last_one_has_the_record() -> None:
    events = [event async for event in astream("6 * 7?", settings_for())]

    assert events[0]["event"] == "bound"
    assert [e["event"] for e in events].count("tallied") == 2
    last = events[-1]
    assert last["event"] == "finished"
    assert last["record"].verdict.answer == "42"
    assert "finished" not in [e["event"] for e in events[:-1]]


def test_the_synchronous_stream_tells_the_same() -> None:
    events = list(nsed.stream("6 * 7?", settings_for()))

    assert events[-1]["event"] == "finished"
    assert [e["event"] for e in events].count("voted") == 6


@pytest.mark.blocks_the_loop
async def test_and_inside_a_running_loop() -> None:
    *_, last = nsed.stream("6 * 7?", settings_for())

    assert last["event"] == "finished"


@pytest.mark.parametrize(
    ("experts", "knobs", "error", "answers"),
    [
        ([nsed.scripted("ada", "x", fails="always")], {}, QuorumError, 0),
        (
            [nsed.scripted("ada", "Answer: 1"), nsed.scripted("bob", fails="always")],
            {"on_partial": "error"},
            DegradedError,
            1,
        ),
    ],
    ids=["nobody", "not all"],
)
async def test_a_failed_run_tells_its_record_and_then_raises(
    experts: Any, knobs: Any, error: type[Exception], answers: int
) -> None:
    seen: list[Any] = []

    async def watch() -> None:
        async for event in astream("?", settings_for(*experts, **knobs)):
            seen.append(event)  # noqa: PERF401 - it raises on the way

    with pytest.raises(error):
        await watch()

    record = seen[-1]["record"]
    assert record.verdict.status == "failed"
    assert len(record.proposals) == answers
    assert record.absences


def test_an_error_comes_out_of_the_synchronous_stream_in_its_place() -> None:
    events = nsed.stream("?", settings_for(nsed.scripted("ada", "x", fails="always")))
    seen = []

    with pytest.raises(QuorumError):
        seen.extend(event["event"] for event in events)

    assert seen[-2:] == ["absent", "finished"]


async def test_leaving_the_iteration_stops_the_run() -> None:
    left = asyncio.Event()

    async def never(_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    events = astream("?", settings_for(), hire=Recorder(bob=never))
    async for event in events:
        if event["event"] == "proposed" and event["expert"] == "cy":
            break
    await events.aclose()

    assert left.is_set()


def test_leaving_the_synchronous_iteration_stops_the_run_and_waits_for_it() -> None:
    was = contextvars.ContextVar("was", default="nothing")
    was.set("of the caller")
    seen = []

    class Slow(Recorder):
        def __call__(self, config: Any) -> Any:
            seen.append(was.get())
            return super().__call__(config)

    from nsed.private_loop import private_loop

    def make() -> Any:
        async def never(_: Any) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                seen.append("stopped")

        return astream("?", settings_for(), hire=Slow(bob=never))

    events = private_loop.iterate(make)
    for event in events:
        if event["event"] == "proposed" and event["expert"] == "cy":
            break
    assert "stopped" not in seen
    events.close()  # type: ignore[attr-defined]

    assert seen[-1] == "stopped"
    assert set(seen[:-1]) == {"of the caller"}


async def test_the_user_may_decide_between_rounds() -> None:
    async def stop(_: Any) -> nsed.HumanDecision:
        return nsed.HumanDecision(action="stop")

    events = [
        event
        async for event in astream("?", settings_for(human_review=True), decide=stop)
    ]

    assert [e["event"] for e in events][-2:] == ["decided", "finished"]


async def test_a_run_that_would_wait_for_nobody_is_refused_before_it_costs() -> None:
    hire = Recorder()

    with pytest.raises(ConfigError, match=r"nobody decides; pass decide="):
        await adeliberate("?", settings_for(human_review=True), hire=hire)

    assert not hire.asked


async def test_a_run_on_file_may_wait_and_the_error_says_how_to_go_on(
    tmp_path: Path,
) -> None:
    config = settings_for(human_review=True)
    async with open_checkpoints(str(tmp_path / "runs.sqlite")) as checkpoints:
        with pytest.raises(ConfigError, match=r"the run (\w+) waits for the user"):
            await adeliberate("?", config, checkpoints=checkpoints)
        (known,) = await checkpoints.log.known()
        assert known.task == "?"
