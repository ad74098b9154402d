"""One call, one record."""

import asyncio

import pytest
from panel import settings_for

import nsed
from nsed.protocol.errors import QuorumError


def test_deliberate_from_synchronous_code_and_again() -> None:
    assert nsed.deliberate("What is 6 * 7?", settings_for()).verdict.answer == "42"
    assert nsed.deliberate("What is 6 * 7?", settings_for()).verdict.answer == "42"


@pytest.mark.blocks_the_loop
async def test_deliberate_inside_a_running_loop_as_in_a_notebook() -> None:
    record = nsed.deliberate("What is 6 * 7?", settings_for())

    assert record.verdict.answer == "42"


async def test_many_runs_at_once_do_not_mix() -> None:
    configs = [
        settings_for(*(nsed.scripted(n, f"{n}\nAnswer: {i}") for n in ("ada", "bob")))
        for i in range(8)
    ]

    records = await asyncio.gather(*(nsed.adeliberate("?", c) for c in configs))

    assert [r.verdict.answer for r in records] == [str(i) for i in range(8)]
    assert len({r.run_id for r in records}) == 8


@pytest.mark.blocks_the_loop
async def test_errors_come_out_of_both_doors() -> None:
    config = settings_for(nsed.scripted("ada", "x", fails="always"))

    with pytest.raises(QuorumError):
        await nsed.adeliberate("?", config)
    with pytest.raises(QuorumError):
        nsed.deliberate("?", config)
