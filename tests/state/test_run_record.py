"""The run record: whole, versioned, comparable."""

import json

from panel import deliberate

from nsed.state.run_record import RunRecord, comparable


async def test_a_record_survives_a_round_trip_through_json() -> None:
    record = await deliberate()

    assert RunRecord.model_validate_json(record.model_dump_json()) == record


async def test_a_record_holds_everything_that_happened() -> None:
    record = await deliberate()

    assert record.schema_version == 1
    assert record.task == "What is 6 * 7?"
    assert {seat.role for seat in record.teams["1"].seats} == {"proposer", "reviewer"}
    assert all(len(digest) == 64 for digest in record.prompts.values())
    assert all(len(c.prompt_sha256) == 64 and c.reply for c in record.calls.values())
    ballot = record.ballots["r1.ada"]
    assert set(ballot.written) == {"A", "B"}  # as written
    assert set(ballot.weights) == set(ballot.shown)  # as cast
    assert record.memories["1"].kept
    assert {drop.reason for drop in record.memories["1"].dropped} <= {
        "forgotten",
        "near-duplicate",
        "over budget",
    }
    total = sum(call.usage.calls for call in record.calls.values())
    assert record.verdict.usage.calls == total


async def test_comparing_ignores_times_and_ids_and_nothing_else() -> None:
    record = await deliberate()
    later = record.model_copy(update={"started_at": 0.0, "run_id": "other"})
    other = record.model_copy(update={"task": "What is 6 * 8?"})

    assert comparable(later) == comparable(record)
    assert comparable(other) != comparable(record)
    assert json.loads(comparable(record))["verdict"]["seconds"] == 0
