"""The trail of a run that is shown: verified, unsigned, broken, or none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from panel import Recorder
from run_api import Here, api
from trails import MINE, PUBLIC

from nsed.protocol.errors import ExpertError
from nsed.protocol.trail_check import check_trail
from nsed.protocol.trail_entry import key_text
from nsed.trail.known_heads import Head, heads_in
from nsed.trail.run_trail import signed_run


class Key:
    public_key = PUBLIC

    def sign(self, data: bytes) -> bytes:
        return MINE.sign(data)


async def signed(here: Here, folder: Path, **changed: Any) -> str:
    """A finished run whose trail was written, as `nsed ask --save` does."""
    id_ = await here.ask()
    await here.ended(id_)
    record = await here.service.record(id_, "")
    assert record is not None
    trail = signed_run(record.model_copy(update=changed), Key())

    def write() -> None:
        file = folder / "trail.jsonl"
        file.write_bytes(trail)
        head = check_trail(trail, trusted=[PUBLIC]).head
        heads_in(folder).note(Head(id_, head, key_text(PUBLIC), str(file)))

    await asyncio.to_thread(write)
    return id_


def edit(file: Path, old: bytes, new: bytes) -> None:
    held = file.read_bytes()
    assert old in held
    file.write_bytes(held.replace(old, new))


async def test_a_trail_that_says_what_is_shown_is_verified(tmp_path: Path) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path)
        live = (await here.told(id_))["trail"]
        here.service._runs.clear()
        later = (await here.told(id_))["trail"]

    assert live == later
    assert live["status"] == "verified"
    assert key_text(PUBLIC) in live["detail"]
    assert str(tmp_path) not in live["detail"]


async def test_a_failed_run_has_a_trail_too(tmp_path: Path) -> None:
    def down(_: object) -> None:
        raise ExpertError("connection", "nobody there")

    hire = Recorder(ada=down, bob=down, cy=down)
    async with api(tmp_path, hire=hire) as here:
        id_ = await signed(here, tmp_path)
        here.service._runs.clear()
        told = await here.told(id_)

    assert (told["state"], told["trail"]["status"]) == ("failed", "verified")


async def test_an_edited_trail_is_broken(tmp_path: Path) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path)
        await asyncio.to_thread(
            edit, tmp_path / "trail.jsonl", b"Answer: 41", b"Answer: 43"
        )
        trail = (await here.told(id_))["trail"]

    assert trail["status"] == "broken"
    assert "edited" in trail["detail"]


async def test_a_whole_trail_of_something_else_than_is_shown_is_broken(
    tmp_path: Path,
) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path, task="What is 6 * 8?")
        trail = (await here.told(id_))["trail"]

    assert trail["status"] == "broken"
    assert trail["detail"] == "what is shown is not what was signed: entry 1 (task)"


async def test_another_history_in_the_place_of_the_first_is_broken(
    tmp_path: Path,
) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path)
        record = await here.service.record(id_, "")
        assert record is not None
        other = signed_run(record.model_copy(update={"task": "another"}), Key())
        await asyncio.to_thread((tmp_path / "trail.jsonl").write_bytes, other)
        trail = (await here.told(id_))["trail"]

    assert trail["status"] == "broken"
    assert "another history" in trail["detail"]


async def test_a_trail_that_is_gone_leaves_the_run_unsigned(tmp_path: Path) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path)
        await asyncio.to_thread((tmp_path / "trail.jsonl").unlink)
        trail = (await here.told(id_))["trail"]

    assert trail["status"] == "unsigned"
    assert "not where it was" in trail["detail"]


async def test_a_trail_of_another_version_is_not_held_against_what_is_shown(
    tmp_path: Path,
) -> None:
    async with api(tmp_path) as here:
        id_ = await signed(here, tmp_path, nsed_version="0.0.1", task="older")
        trail = (await here.told(id_))["trail"]

    assert trail["status"] == "verified"
    assert "nsed 0.0.1 wrote it" in trail["detail"]


@pytest.mark.parametrize("line", [b"", b"not json\n", b'{"run_id": "x"}\n'])
async def test_nothing_known_is_unsigned(line: bytes, tmp_path: Path) -> None:
    async with api(tmp_path) as here:
        id_ = await here.ask()
        await here.ended(id_)
        await asyncio.to_thread((tmp_path / "trail-heads.jsonl").write_bytes, line)
        trail = (await here.told(id_))["trail"]

    assert trail == {"status": "unsigned", "detail": "no trail of it is known here"}
