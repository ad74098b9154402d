"""A run in a server, however it ends: what is told, and that nobody waits for ever."""

import asyncio
import logging
from typing import Any

import pytest
from panel import Recorder, settings_for

from nsed.models.base import Request
from nsed.protocol.errors import QuorumError
from nsed.run import Run
from nsed.state.human import HumanQuestion
from nsed.studio.event_log import EventLog
from nsed.studio.live_run import LiveRun

TASK = "What is 6 * 7?"


async def hang(_: Request) -> None:
    await asyncio.Event().wait()


def live(**knobs: Any) -> LiveRun:
    hire = knobs.pop("hire", None) or Recorder()
    return LiveRun(Run(TASK, settings_for(**knobs), hire=hire))


async def numbers(run: LiveRun, after: int = 0) -> list[int]:
    return [number async for number, _ in run.watch(after)]


async def until(run: LiveRun, event: str) -> None:
    async for _, told in run.watch():
        if told["event"] == event:
            return


async def test_a_finished_run_is_finished() -> None:
    run = live()
    assert run.state == "running"
    await run.ended()

    assert (run.state, run.reason) == ("finished", "")


async def test_watchers_of_a_run_that_is_cancelled_at_once_are_let_go() -> None:
    run = live()
    watching = asyncio.create_task(numbers(run))
    await asyncio.sleep(0)
    await run.cancel()

    assert await watching == []
    assert run.state == "cancelled"


async def test_watchers_of_a_run_that_never_took_a_step_are_let_go() -> None:
    run = live()
    run._task.cancel()  # before the loop has run it at all
    async with asyncio.timeout(10):
        assert await numbers(run) == []


async def test_stopping_twice_does_not_lose_the_answer() -> None:
    concluding, on = asyncio.Event(), asyncio.Event()

    class Slow(Run):
        async def conclude(self) -> Any:
            concluding.set()
            await on.wait()
            return await super().conclude()

    run = LiveRun(Slow(TASK, settings_for(), hire=Recorder(cy=hang)))
    await until(run, "proposed")
    first = asyncio.create_task(run.stop())
    await concluding.wait()
    second = asyncio.create_task(run.stop())
    await asyncio.sleep(0)
    on.set()
    await asyncio.gather(first, second)

    assert run.state == "finished"
    assert run.record is not None
    assert run.record.verdict.stop_reason == "user_stop"


async def test_cancelling_while_it_stops_gives_it_up() -> None:
    class Slow(Run):
        concluding = asyncio.Event()

        async def conclude(self) -> Any:
            self.concluding.set()
            await asyncio.Event().wait()

    run = LiveRun(Slow(TASK, settings_for(), hire=Recorder(cy=hang)))
    await until(run, "proposed")
    stopping = asyncio.create_task(run.stop())
    await Slow.concluding.wait()
    await run.cancel()
    await stopping

    assert run.state == "cancelled"


async def test_stopped_before_anybody_answered_it_can_be_resumed() -> None:
    run = live(hire=Recorder(ada=hang, bob=hang, cy=hang))
    await until(run, "asked")
    await run.stop()

    assert (run.state, run.resumable) == ("cancelled", True)
    assert "before anybody" in run.reason
    with pytest.raises(QuorumError):
        await run.ended()


async def test_a_bug_is_told_neutrally_and_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: Request) -> None:
        msg = "sk-secret in a prompt"
        raise KeyError(msg)

    with caplog.at_level(logging.ERROR):
        run = live(hire=Recorder(ada=broken))
        await run.wait()

    assert (run.state, run.resumable) == ("failed", True)
    assert run.reason == "something went wrong in the server; its log says what"
    assert run.run.run_id in caplog.text
    assert "KeyError in broken" in caplog.text
    assert "secret" not in caplog.text
    with pytest.raises(KeyError):
        await run.ended()


async def test_a_run_that_asks_waits_with_its_question() -> None:
    run = live(human_review=True)
    await run.wait()

    assert run.state == "waiting"
    assert isinstance(run.question, HumanQuestion)
    assert run.reason == "it waits for a decision after round 1"
    with pytest.raises(asyncio.CancelledError):
        await run.ended()


async def test_a_watcher_who_stands_still_does_not_hold_the_run_up() -> None:
    run = live()
    slow = run.watch()
    await anext(slow)
    async with asyncio.timeout(10):
        await run.ended()  # nobody took anything in meanwhile
    rest = [number async for number, _ in slow]

    assert rest == list(range(2, run.log.last + 1))


async def test_a_number_that_was_never_given_stands_for_none() -> None:
    run = live()
    await run.ended()

    assert await numbers(run, after=10_000) == await numbers(run)


async def test_a_watcher_far_behind_goes_on_with_what_there_is() -> None:
    log = EventLog(most=5)
    run = LiveRun(Run(TASK, settings_for(), hire=Recorder()), log=log)
    seen = [number async for number, _ in run.watch() if await run.wait() is None]

    assert seen[0] == 1
    assert seen[1:] == list(range(log.last - len(seen) + 2, log.last + 1))
    assert len(seen) < log.last
