"""Which calls repeat one, and so use up what the run may ask again."""

import pytest

from nsed.nodes.fan_out import _is_further
from nsed.protocol.usage import Usage
from nsed.state.records import CallRecord


@pytest.mark.parametrize(
    ("before", "further"),
    [("server_error", True), ("unsupported", False), ("lost", False)],
)
def test_only_a_call_that_repeats_one_is_a_further_call(
    before: str, further: bool
) -> None:
    first, second = (
        CallRecord(
            id=f"r1.propose.ada.{attempt}",
            round=1,
            phase="propose",
            expert="ada",
            attempt=attempt,
            prompt_sha256="",
            reply="",
            outcome=outcome,
            usage=Usage(calls=1),
        )
        for attempt, outcome in ((1, before), (2, "ok"))
    )
    calls = {call.id: call for call in (first, second)}

    assert _is_further(second, calls) is further
    assert not _is_further(first, calls)
