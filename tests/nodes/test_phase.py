"""What the tasks of one phase share: a deadline, the straggler rule, spare calls."""

import asyncio
import gc
from typing import Any

from virtual_loop import run_virtually

from nsed.models.time_limit import TimeLimit
from nsed.nodes.phase import Phase, Phases


def phase(**more: Any) -> Phase:
    rule = {"asked": 3, "quorum": 1, "spare": 2, "factor": 4.0, "least_s": 10.0}
    return Phase(**{**rule, "ends": TimeLimit.after(600, "the phase is over"), **more})


async def seated(shared: Phase, takes_s: float, p95_s: float | None = None) -> str:
    """Work for a while; say `done`, or why it was cut off and when."""
    with shared.seat(p95_s=p95_s) as seat:
        try:
            async with seat.limit:
                await asyncio.sleep(takes_s)
        except TimeoutError:
            return f"{asyncio.get_running_loop().time():g}: {seat.limit.why}"
        seat.answered = True
        return "done"


def all_of(*takes_s: float, **more: Any) -> list[str]:
    async def together() -> list[str]:
        shared = phase(**more)
        return await asyncio.gather(*(seated(shared, s) for s in takes_s))

    return run_virtually(together())


def test_a_straggler_is_cut_off_once_most_have_answered() -> None:
    *_, last = all_of(4, 6, 500)

    assert last == "20: cut off as a straggler after 20 s, when 2 of 3 had answered"


def test_without_the_rule_everybody_is_waited_for_until_the_phase_ends() -> None:
    assert all_of(4, 6, 500, factor=None) == ["done"] * 3
    assert all_of(4, 6, 900, factor=None)[-1] == "600: the phase is over"


def test_the_phase_ends_for_all_whether_or_not_the_quorum_is_there() -> None:
    assert all_of(900, 900, 900, quorum=3) == ["600: the phase is over"] * 3


def test_the_rule_never_puts_the_end_of_the_phase_off() -> None:
    async def short() -> list[str]:
        shared = phase(ends=TimeLimit.after(15, "the phase is over"))
        return await asyncio.gather(*(seated(shared, s) for s in (4, 6, 500)))

    assert run_virtually(short())[-1] == "15: the phase is over"


def test_whoever_is_known_to_be_slow_is_given_his_time() -> None:
    async def known() -> list[str]:
        shared = phase()
        fast = (seated(shared, s) for s in (4, 6))
        return await asyncio.gather(*fast, seated(shared, 500, p95_s=80))

    assert run_virtually(known())[-1].startswith("80: cut off as a straggler")


def test_failures_count_neither_for_the_quorum_nor_for_the_median() -> None:
    async def failing() -> str:
        shared = phase()
        with shared.seat(p95_s=None):
            await asyncio.sleep(1)  # no answer
        await seated(shared, 4)
        return await seated(shared, 300)

    assert run_virtually(failing()) == "done"


def test_whoever_is_asked_late_has_as_much_time() -> None:
    async def one_after_the_other() -> list[str]:
        shared = phase()
        return [await seated(shared, s) for s in (4, 6, 500)]

    assert run_virtually(one_after_the_other())[-1].startswith("30: cut off")


def test_spare_calls_are_shared_and_run_out() -> None:
    async def take() -> list[bool]:
        shared = phase()
        return [shared.take_spare() for _ in range(3)]

    assert run_virtually(take()) == [True, True, False]


def test_a_superstep_has_one_phase_and_another_one_its_own() -> None:
    async def several() -> list[bool]:
        phases = Phases()
        first = phases.of("a", phase)
        alone = phases.of(None, phase)
        again, other = phases.of("a", phase), phases.of("b", phase)
        nobodys = phases.of(None, phase)
        return [again is first, other is first, nobodys is alone]

    assert run_virtually(several()) == [True, False, False]


def test_phases_of_the_past_are_forgotten() -> None:
    async def many() -> int:
        phases = Phases()
        for step in range(500):
            phases.of(str(step), phase)
        gc.collect()
        return len(phases._by_step)

    assert run_virtually(many()) <= 64
