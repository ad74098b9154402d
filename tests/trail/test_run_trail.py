"""A run as a trail: everything that happened, in order, without secrets."""

import hashlib
import json
from collections import Counter

import pytest
from panel import Recorder, deliberate, panel, settings_for
from trails import MINE, PUBLIC

from nsed.models.base import Request
from nsed.models.failures import CallError
from nsed.protocol.canonical_json import canonical_json
from nsed.protocol.trail import Act
from nsed.protocol.trail_check import check_trail
from nsed.state.expert_config import ExpertConfig
from nsed.state.run_record import RunRecord
from nsed.trail.run_trail import signed_run, trail_of


class Signer:
    public_key = PUBLIC

    def sign(self, data: bytes) -> bytes:
        return MINE.sign(data)


def kinds(acts: tuple[Act, ...]) -> list[str]:
    """Their kinds, neighbours of one kind as one."""
    found: list[str] = []
    for act in acts:
        if found[-1:] != [act.kind]:
            found.append(act.kind)
    return found


async def test_things_stand_in_the_order_in_which_they_happened() -> None:
    record = await deliberate()

    a_round = ["binding", "call", "proposal", "call", "ballot", "tally", "memory"]
    assert kinds(trail_of(record)) == [
        *("task", "settings", "program"),
        *a_round,
        *a_round,
        "verdict",
    ]
    times = [act.time for act in trail_of(record) if act.time is not None]
    assert times == sorted(times)


async def test_calls_stand_by_the_time_they_began_whatever_their_names() -> None:
    record = await deliberate()
    calls = [
        call.model_copy(update={"started_at": float(999 - number)})
        for number, call in enumerate(record.calls.values())
    ]
    record = record.model_copy(update={"calls": {call.id: call for call in calls}})

    first = [act.body["expert"] for act in trail_of(record) if act.kind == "call"][:3]

    assert first == ["cy", "bob", "ada"]


async def test_nothing_of_the_record_is_left_out() -> None:
    record = await deliberate()
    acts = trail_of(record)
    counted = Counter(act.kind for act in acts)

    assert counted["binding"] == len(record.teams)
    assert counted["call"] == len(record.calls)
    assert counted["proposal"] == len(record.proposals)
    assert counted["ballot"] == len(record.ballots)
    assert counted["tally"] == len(record.tallies)
    assert counted["memory"] == len(record.memories)
    (task, settings, program), verdict = acts[:3], acts[-1]
    assert task.body == {"task": "What is 6 * 7?"}
    assert settings.body["rounds"] == record.context.rounds
    assert program.body["prompts"] == record.prompts
    assert verdict.body == record.verdict.model_dump(mode="json")


async def test_the_final_text_stands_after_the_last_round() -> None:
    record = await deliberate(settings_for(rounds=1, synthesizer="cy"))
    assert record.synthesis is not None
    acts = trail_of(record)

    assert kinds(acts)[-4:] == ["memory", "call", "synthesis", "verdict"]
    assert acts[-2].body == record.synthesis.model_dump(mode="json")
    assert acts[-2].author == "expert:cy"
    assert Counter(act.kind for act in acts)["call"] == len(record.calls)


async def test_a_final_text_that_is_missing_is_an_absence() -> None:
    def fails(request: Request) -> None:
        if request.phase == "synthesize":
            raise CallError("auth", "no such key")

    config = settings_for(rounds=1, synthesizer="cy")
    record = await deliberate(config, hire=Recorder(cy=fails))

    assert kinds(trail_of(record))[-4:] == ["memory", "call", "absence", "verdict"]


async def test_who_spoke_is_named() -> None:
    record = await deliberate()

    for act in trail_of(record):
        speaker = act.body.get("expert", act.body.get("reviewer"))
        if act.kind in ("proposal", "ballot"):
            assert act.author == f"expert:{speaker}"
        else:
            assert act.author == (
                "user" if act.kind in ("task", "settings") else "nsed"
            )


async def test_a_call_has_the_hash_of_its_reply_and_not_the_reply() -> None:
    record = await deliberate()

    calls = [act.body for act in trail_of(record) if act.kind == "call"]
    for body in calls:
        call = record.calls[body["id"]]
        wanted = call.model_dump(mode="json", exclude={"reply"})
        digest = hashlib.sha256(call.reply.encode()).hexdigest()
        assert body == {**wanted, "reply_sha256": digest}


async def test_times_are_those_that_were_taken_and_no_others() -> None:
    record = await deliberate()
    record = record.model_copy(
        update={
            "teams": {
                k: v.model_copy(update={"started_at": 0.0})
                for k, v in record.teams.items()
            }
        }
    )

    for act in trail_of(record):
        match act.kind:
            case "task":
                assert act.time == record.started_at
            case "call":
                assert act.time == act.body["started_at"] > 0
            case "verdict":
                ended = record.started_at + record.verdict.seconds
                assert act.time == round(ended, 3)
            case _:
                assert act.time is None


async def test_absences_stand_in_their_phase() -> None:
    def fails(_: object) -> None:
        raise CallError("auth", "no such key")

    record = await deliberate(hire=Recorder(bob=fails))

    absences = [act for act in trail_of(record) if act.kind == "absence"]
    assert len(absences) == len(record.absences) >= 2
    order = kinds(trail_of(record))
    assert order[3:8] == ["binding", "call", "proposal", "absence", "call"]


@pytest.mark.parametrize("graph", ["single_expert", "majority_vote"])
async def test_baselines_have_trails_too(graph: str) -> None:
    record = await deliberate(graph=graph)

    checked = check_trail(signed_run(record, Signer()), trusted=[PUBLIC])

    assert checked.fault is None
    assert "verdict" in [entry.kind for entry in checked.entries]


async def test_equal_records_give_equal_bytes_in_whatever_order_they_are_read() -> None:
    record = await deliberate()
    document = json.loads(record.model_dump_json())
    for channel, value in document.items():
        if isinstance(value, dict):
            document[channel] = dict(reversed(value.items()))

    again = RunRecord.model_validate(document)

    assert signed_run(again, Signer()) == signed_run(record, Signer())


async def test_the_trail_names_run_and_schema() -> None:
    record = await deliberate()

    begin = check_trail(signed_run(record, Signer()), trusted=[PUBLIC]).entries[0]

    assert begin.body["run_id"] == record.run_id
    assert begin.body["schema_version"] == record.schema_version


async def test_settings_are_without_secrets() -> None:
    record = await deliberate()
    secrets = ExpertConfig(
        name="dora",
        provider="openai",
        model="m",
        base_url="https://me:hunter2@example.org/v1?api_key=abcdefgh",
        api_key_file="/run/secrets/hunter2",
        model_kwargs={
            "anthropic_api_key": "hunter2",
            "extra": "Bearer hunter2hunter2",
            "mode": "fast",
            "top_k": 3,
        },
    )
    context = record.context.model_copy(update={"experts": (*panel(), secrets)})
    record = record.model_copy(update={"context": context})

    trail = signed_run(record, Signer())

    assert b"hunter2" not in trail
    assert b"abcdefgh" not in trail
    settings = trail_of(record)[1].body["experts"][-1]
    assert settings["base_url"] == settings["api_key_file"] == "[withheld]"
    assert settings["model_kwargs"] == {
        "anthropic_api_key": "[withheld]",
        "extra": "[withheld]",
        "mode": "fast",
        "top_k": 3,
    }
    assert "https://plain.example/v1" in str(
        trail_of(with_url(record, "https://plain.example/v1"))[1].body
    )


def with_url(record: RunRecord, url: str) -> RunRecord:
    expert = ExpertConfig(name="dora", provider="openai", model="m", base_url=url)
    context = record.context.model_copy(update={"experts": (*panel(), expert)})
    return record.model_copy(update={"context": context})


async def test_half_a_surrogate_pair_of_a_model_costs_nobody_his_trail() -> None:
    record = await deliberate()
    ballot = record.ballots["r1.ada"]
    mark = ballot.written["A"].model_copy(update={"critique": "no \ud83d"})
    odd = ballot.model_copy(update={"written": {"A": mark}})
    record = record.model_copy(update={"ballots": {"r1.ada": odd}})

    (body,) = (act.body for act in trail_of(record) if act.kind == "ballot")

    assert body["written"]["A"]["critique"] == "\x00utf-16:006e006f0020d83d"
    assert check_trail(signed_run(record, Signer()), trusted=[PUBLIC]).fault is None


async def test_no_two_texts_are_written_alike() -> None:
    record = await deliberate()
    tasks = ["\ud83d", "\x00utf-16:d83d", "\x00utf-16:", "\x00utf-16", "\ud83d\ude00"]

    written = {
        canonical_json(trail_of(record.model_copy(update={"task": t}))[0].body)
        for t in tasks
    }

    assert len(written) == len(tasks)
