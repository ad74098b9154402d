"""Time in which nobody works at a run: limits of time leave it out."""

import time
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from panel import Recorder, settings_for

from nsed.graphs.checkpointing import record_serializer
from nsed.models.base import Request
from nsed.run import Run
from nsed.state.run_record import RunRecord

DAY_S = 86_400.0


class Killed(BaseException):
    """Ends the process."""


def killed_in(phase: str) -> Recorder:
    def kill(request: Request) -> None:
        if request.phase == phase and request.round == 1:
            raise Killed

    return Recorder(bob=kill)


async def resumed_a_day_later(
    phase: str, monkeypatch: pytest.MonkeyPatch, **knobs: Any
) -> RunRecord:
    saver, settings = InMemorySaver(serde=record_serializer()), settings_for(**knobs)

    def run(hire: Recorder) -> Run:
        return Run("q", settings, hire=hire, checkpointer=saver, run_id="r")

    with pytest.raises(Killed):
        async for _ in run(killed_in(phase)).events():
            pass
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + DAY_S)
    again = run(Recorder())
    async for _ in again.events():
        pass
    return await again.record()


@pytest.mark.parametrize("phase", ["propose", "review"])
@pytest.mark.parametrize("limit", ["deadline_s", "patience_s"])
async def test_a_run_that_was_dead_for_a_day_has_the_time_it_had(
    phase: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await resumed_a_day_later(phase, monkeypatch, **{limit: 600})

    assert record.verdict.rounds == 2
    assert record.verdict.stop_reason == "unanimous"
    assert record.verdict.seconds < 600
    (pause,) = record.pauses.values()
    assert pause.round == 1
    assert pause.seconds == pytest.approx(DAY_S, abs=60)
