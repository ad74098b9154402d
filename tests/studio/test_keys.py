"""Keys of the server: random, kept as hashes, compared in constant time, reread."""

import asyncio
import hmac
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from a_server import add_key

from nsed.protocol.errors import ConfigError
from nsed.studio import access_key
from nsed.studio.access_key import AccessKey, digest_of, matching, new_token
from nsed.studio.key_file import KeyFile
from nsed.studio.key_ring import KeyRing


def test_a_key_has_256_random_bits_and_no_two_are_alike() -> None:
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {len("nsed-") + 43}  # 43 * 6 >= 256


def test_the_file_holds_no_key_and_is_the_users_alone(tmp_path: Path) -> None:
    token = add_key(tmp_path / "data", "ann", budget_usd=5)
    file = tmp_path / "data" / "keys.json"

    assert token not in file.read_text()
    assert token.removeprefix("nsed-") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".part"] == []


def test_every_key_is_compared_in_constant_time_also_after_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = [new_token() for _ in range(5)]
    keys = [
        AccessKey(name=f"k{n}", sha256=digest_of(token))
        for n, token in enumerate(tokens)
    ]
    compared: list[str] = []

    def watched(left: str, right: str) -> bool:
        compared.append(left)
        return hmac.compare_digest(left, right)

    fake: Any = type("hmac", (), {"compare_digest": staticmethod(watched)})
    monkeypatch.setattr(access_key, "hmac", fake)

    assert matching(keys, tokens[0]) == keys[0]
    assert compared == [key.sha256 for key in keys]
    assert matching(keys, tokens[0] + "x") is None
    assert matching(keys, keys[0].sha256) is None  # the hash is no key


@pytest.mark.parametrize("token", ["", "nsed-", "\x00", "\udcff", "ä" * 1000])
def test_odd_tokens_are_no_keys(token: str) -> None:
    assert matching([AccessKey(name="a", sha256=digest_of(new_token()))], token) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"keys": [{"name": "a"}]}',
        '{"keys": [{"name": "a b", "sha256": "' + "0" * 64 + '"}]}',
        '{"keys": [{"name": "a", "sha256": "hunter2"}]}',
        '{"keys": [{"name": "a", "sha256": "' + "0" * 64 + '", "admin": true}]}',
        json.dumps({"keys": [{"name": n, "sha256": "0" * 64} for n in "ab"]}),
        json.dumps({"keys": [{"name": "a", "sha256": c * 64} for c in "01"]}),
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_file_is_an_error_that_repeats_nothing(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(ConfigError, match="keys of the server") as caught:
        KeyFile(file).read()
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions there")
def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    add_key(tmp_path, "ann")
    (tmp_path / "keys.json").chmod(0o620)

    with pytest.raises(ConfigError, match="chmod 600"):
        KeyFile(tmp_path / "keys.json").read()


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    add_key(tmp_path, "ann")
    before = (tmp_path / "keys.json").read_bytes()

    def change() -> None:
        with KeyFile(tmp_path / "keys.json").changing() as keys:
            keys.clear()
            raise ConfigError("no")

    with pytest.raises(ConfigError):
        change()
    assert (tmp_path / "keys.json").read_bytes() == before


def test_of_keys_made_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    names = [f"k{n}" for n in range(8)]
    with ThreadPoolExecutor(len(names)) as threads:  # the lock is each opening's own
        list(threads.map(lambda name: add_key(tmp_path, name), names))

    found = KeyFile(tmp_path / "keys.json").read()
    assert sorted(key.name for key in found) == names


on_file = asyncio.to_thread


def change(folder: Path, **limits: Any) -> None:
    """Give all keys these limits; without any, remove them all."""
    with KeyFile(folder / "keys.json").changing() as keys:
        for name, key in list(keys.items()):
            keys[name] = key.model_copy(update=limits)
        if not limits:
            keys.clear()


async def test_a_server_hears_of_new_keys_and_of_lost_ones(tmp_path: Path) -> None:
    ring = KeyRing(KeyFile(tmp_path / "keys.json"), every_s=0)
    await on_file(ring.load)
    assert not ring.required

    token = await on_file(add_key, tmp_path, "ann", budget_usd=1)
    found = await ring.find(token)
    assert found is not None
    assert found.name == "ann"

    await on_file(change, tmp_path, budget_usd=2.0)
    found = await ring.find(token)
    assert found is not None
    assert found.budget_usd == 2

    await on_file(change, tmp_path)
    assert await ring.find(token) is None
    assert ring.required, "what was closed stays closed"

    (tmp_path / "keys.json").unlink()
    assert await ring.find(token) is None
    assert ring.required


async def test_a_file_that_breaks_leaves_the_keys_of_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = await on_file(add_key, tmp_path, "ann")
    ring = KeyRing(KeyFile(tmp_path / "keys.json"), every_s=0)
    await on_file(ring.load)
    (tmp_path / "keys.json").write_text("{")

    for _ in range(3):
        assert await ring.find(token)
    assert len(caplog.records) == 1, "said once, not at every request"


async def test_a_key_made_anew_under_the_same_name_is_another_one(
    tmp_path: Path,
) -> None:
    old = await on_file(add_key, tmp_path, "ann")
    ring = KeyRing(KeyFile(tmp_path / "keys.json"), every_s=0)
    await on_file(ring.load)
    await on_file(add_key, tmp_path, "ann")

    assert await ring.find(old) is None
    assert await ring.named("ann", digest_of(old)) is None
