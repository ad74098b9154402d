"""What the fuzzer found, where it hurt: one expert's words must never end a run."""

import pytest
from fuzz.ballot import text_of
from fuzz.mutations import seeds
from panel import Recorder, deliberate

from nsed.models.base import Reply, Request
from nsed.protocol.usage import Usage

REPLIES = {
    name: text_of(data[2:]).encode("utf-8", "replace").decode()  # as experts send it
    for name, data in seeds("ballot").items()
}


@pytest.mark.parametrize("name", REPLIES)
async def test_no_reply_ends_a_run(name: str) -> None:
    def says(request: Request) -> Reply:
        return Reply(REPLIES[name], Usage(calls=1))

    record = await deliberate(hire=Recorder(ada=says))

    assert record.verdict.status in ("complete", "degraded")
    assert record.verdict.answer == "42"
    assert record.model_dump_json()
