"""The signing key: made once, readable by its owner alone, never half-written."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from trails import MINE, PUBLIC

from nsed.protocol.errors import ConfigError
from nsed.trail.signing_key import open_signing_key, read_signing_key

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "nsed" / "trail-key.pem"


@pytest.fixture
def wide_open() -> Iterator[None]:
    """A umask that protects nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


def pem(
    key: ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey = MINE,
    lock: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption())


def put(path: Path, text: bytes, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    path.chmod(mode)


def test_it_is_made_on_first_use_and_stays(path: Path) -> None:
    first = open_signing_key(path)

    assert open_signing_key(path).public_key == first.public_key
    assert first.path == path
    first.private.public_key().verify(first.sign(b"x"), b"x")


def test_reading_makes_none(path: Path) -> None:
    assert read_signing_key(path) is None
    assert not path.parent.exists()


@POSIX
@pytest.mark.usefixtures("wide_open")
def test_only_its_owner_may_read_it_whatever_the_umask(path: Path) -> None:
    open_signing_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@POSIX
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o601, 0o777])
def test_a_key_that_others_may_use_is_refused_with_what_to_do(
    path: Path, mode: int
) -> None:
    put(path, pem(), mode)

    with pytest.raises(ConfigError, match=rf"mode {mode:04o}.*chmod 600 {path}"):
        open_signing_key(path)


@POSIX
def test_somebody_else_s_key_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, pem())
    if path.stat().st_uid == 0:
        os.chown(path, 4711, -1)
        monkeypatch.setattr(os, "geteuid", lambda: 4712)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    with pytest.raises(ConfigError, match="belongs to another user"):
        open_signing_key(path)


@POSIX
def test_a_link_is_followed_and_what_it_leads_to_is_checked(path: Path) -> None:
    elsewhere = path.parents[2] / "stick" / "key.pem"
    put(elsewhere, pem())
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)

    assert open_signing_key(path).public_key == PUBLIC
    elsewhere.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        open_signing_key(path)


@POSIX
def test_a_key_is_never_made_through_a_link(path: Path) -> None:
    target = path.parents[2] / "missing.pem"
    path.parent.mkdir(parents=True)
    path.symlink_to(target)

    with pytest.raises(ConfigError, match="leads nowhere"):
        open_signing_key(path)
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not a private key in PEM"),
        (b"ssh-ed25519 AAAA", "not a private key in PEM"),
        (pem()[:60], "not a private key in PEM"),
        (pem(x25519.X25519PrivateKey.generate()), "another kind than Ed25519"),
        (pem(lock=BestAvailableEncryption(b"x")), "locked with a passphrase"),
    ],
    ids=["empty", "ssh", "cut", "x25519", "locked"],
)
def test_what_is_no_usable_key_is_refused(path: Path, text: bytes, words: str) -> None:
    put(path, text)

    with pytest.raises(ConfigError, match=words):
        open_signing_key(path)
    assert path.read_bytes() == text


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"Is a directory|Permission denied"):
        open_signing_key(path)


@POSIX
def test_a_device_in_its_place_is_refused() -> None:
    with pytest.raises(ConfigError, match="not a plain file"):
        open_signing_key(Path(os.devnull))


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_disk_leaves_no_half_written_key(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)

    with pytest.raises(ConfigError, match="cannot be created: No space left"):
        open_signing_key(path)
    assert list(path.parent.iterdir()) == []


def test_who_comes_second_takes_the_key_of_the_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def late(source: Path, target: Path) -> None:
        put(path, pem())  # another process, at the last moment
        link(source, target)

    monkeypatch.setattr(os, "link", late)

    assert open_signing_key(path).public_key == PUBLIC
    assert path.read_bytes() == pem()
    assert list(path.parent.iterdir()) == [path]


def test_processes_at_once_end_with_one_key(path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from nsed.trail.signing_key import open_signing_key\n"
        "sys.stdin.read()\n"  # all wait for the same moment
        "print(open_signing_key(pathlib.Path(sys.argv[1])).public_text)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None

    told = {process.communicate(timeout=50)[0] for process in processes}

    assert told == {f"{open_signing_key(path).public_text}\n".encode()}
    assert list(path.parent.iterdir()) == [path]
