"""One run from the command line: Ctrl-C once ends it, twice aborts; nothing stays."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nsed.checkpoints import open_checkpoints
from nsed.cli.exits import ExitCode, complain
from nsed.cli.live_view import LiveView
from nsed.cli.places import data_folder
from nsed.known_run import SHORT_ID, KnownRun
from nsed.models.hire import Hire
from nsed.nodes.human_review import decided
from nsed.protocol.errors import ConfigError, DegradedError, NsedError, QuorumError
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.human import Deciding, HumanDecision, HumanQuestion
from nsed.state.run_record import RunRecord
from nsed.telemetry import open_telemetry

__all__ = ["Ended", "run_session"]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    record: RunRecord | None
    """None if it was cut short before anybody had answered, or waits."""
    cut_short: bool
    failure: NsedError | None = None
    """Why there is no answer, though there is a record."""
    run_id: str | None = None
    """By which it is found again; None if it is not kept."""
    question: HumanQuestion | None = None
    """What it waits for the user to decide."""


async def run_session(
    task: str,
    config: DeliberationConfig,
    *,
    graph: str,
    view: LiveView,
    telemetry: str = "off",
    response_cache: Path | str | None = None,
    checkpoints: str = "off",
    known: KnownRun | None = None,
    decide: Deciding | None = None,
    decision: HumanDecision | None = None,
    hire: Hire | None = None,
) -> Ended:
    """Run, or go on, show, and end every model server however it ends.

    Args:
        task: What is asked.
        config: Who is asked, and how.
        graph: Which graph runs.
        view: Shows what happens.
        telemetry: Where it is kept, as `open_telemetry` takes it. A store that does
            not open is warned of, and the run goes on without.
        response_cache: A file that keeps replies; see `Hire`.
        checkpoints: Where the run is kept, as `open_checkpoints` takes it; likewise.
        known: The run to go on with.
        decide: Answers for the user; without it a run that asks waits.
        decision: What the user decided on what the known run asks.
        hire: Makes experts, and stays open; by default one that is closed at the end.

    Raises:
        ConfigError: An expert of the team cannot be asked; a line for each.
        NsedError: There is no answer, and no record of the attempt.
    """
    lent, hire = hire is not None, hire or Hire(response_cache=response_cache)

    def abort() -> None:
        view.close()
        hire.pool.close()
        complain("aborted")
        sys.stderr.flush()
        os._exit(ExitCode.INTERRUPTED)

    try:
        async with (
            open_telemetry(telemetry, folder=data_folder()) as store,
            open_checkpoints(checkpoints, folder=data_folder()) as place,
        ):
            run = Run(
                task,
                config,
                hire=hire,
                graph=graph,
                store=store,
                checkpoints=place,
                run_id=known.id if known else None,
                forked_from=known.forked_from if known else "",
                decide=decide,
            )
            if decision is not None:
                await _require_question(run, decision)
                run.decide(decision)
            kept_as = run.run_id if place else None
            watching = asyncio.create_task(_watch(run, view))
            with view, _on_interrupt(watching.cancel, abort) as pressed:
                try:
                    await watching
                except asyncio.CancelledError:
                    if not pressed():
                        raise
                    view.cut_short()
                    return Ended(await _conclude(run), cut_short=True, run_id=kept_as)
                except (QuorumError, DegradedError) as error:
                    return Ended(
                        await run.record(),
                        cut_short=False,
                        failure=error,
                        run_id=kept_as,
                    )
            question = await run.question()
            record = None if question else await run.record()
            return Ended(record, cut_short=False, run_id=kept_as, question=question)
    finally:
        if not lent:
            await hire.aclose()


async def _watch(run: Run, view: LiveView) -> None:
    async for event in run.events():
        view.tell(event)


async def _require_question(run: Run, decision: HumanDecision) -> None:
    question = await run.question()
    if question is None:
        raise ConfigError(f"run {run.run_id[:SHORT_ID]} waits for no decision")
    decided(decision, question)


async def _conclude(run: Run) -> RunRecord | None:
    try:
        return await run.conclude()
    except QuorumError:
        return None


@contextmanager
def _on_interrupt(
    first: Callable[[], object], second: Callable[[], object]
) -> Iterator[Callable[[], bool]]:
    """Call `first` at the first Ctrl-C and `second` at the next."""
    loop, presses = asyncio.get_running_loop(), 0

    def press() -> None:
        nonlocal presses
        presses += 1
        (first if presses == 1 else second)()

    previous = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, press)
    except NotImplementedError:  # Windows
        signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(press))
    try:
        yield lambda: presses > 0
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, previous)
