"""The fault matrix: every cell ends as promised, in time, without a storm of calls."""

from collections.abc import AsyncIterator, Iterator

import pytest
from fault_matrix import CELLS, Cell, play
from loopback_provider import Provider

from nsed.models.hire import Hire
from nsed.state.records import Phase

pytestmark = pytest.mark.slow

KINDS = {
    "500": {"server_error"},
    "429": {"rate_limit"},
    "401": {"auth"},
    "404 model gone": {"model_gone"},
    "hang": {"timeout"},
    "slow": set(),
    "reset mid-body": {"connection"},
    "empty": {"empty"},
    "junk": {"server_error"},
    "truncated JSON": {"server_error"},
    "wrong schema": {"server_error", "malformed"},
    "10 MB": {"server_error"},
    "invalid UTF-8": {"server_error"},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


@pytest.fixture
async def hire() -> AsyncIterator[Hire]:
    hire = Hire()
    yield hire
    await hire.aclose()


def promised(cell: Cell) -> tuple[str, str]:
    """Status of the verdict, and what the round was decided by."""
    if cell.fault == "slow":
        return "complete", "votes"
    if cell.who == "all":
        return ("failed", "") if cell.phase == "propose" else ("degraded", "plurality")
    return "degraded", "votes"


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_every_fault_ends_as_promised(
    cell: Cell, provider: Provider, hire: Hire
) -> None:
    result = await play(cell, provider, hire)

    assert (result.status, result.decided_by) == promised(cell)
    assert set(result.kinds) <= KINDS[cell.fault]
    assert bool(result.kinds) is (cell.fault != "slow")
    assert result.seconds < result.deadline_s  # a limit that is kept, no speed
    assert result.calls <= 1.5 * cell.fault_free_calls
    if result.status != "failed":
        assert result.answer == "8"


@pytest.mark.parametrize("phase", ["propose", "synthesize"])
async def test_without_a_fault_nothing_is_asked_twice(
    phase: Phase, provider: Provider, hire: Hire
) -> None:
    cell = Cell("500", "nobody", phase)
    result = await play(cell, provider, hire)

    assert (result.status, result.calls) == ("complete", cell.fault_free_calls)
