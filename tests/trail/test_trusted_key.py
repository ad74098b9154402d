"""A public key, as text or as a file; anything else is a mistake in words."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from trails import MINE, PUBLIC

from nsed.protocol.errors import ConfigError
from nsed.protocol.trail_entry import key_text
from nsed.trail.signing_key import open_signing_key
from nsed.trail.trusted_key import read_trusted_key

SPKI = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OTHER_KIND = X25519PrivateKey.generate().public_key().public_bytes(*SPKI)


def test_text_is_taken_as_it_is() -> None:
    assert read_trusted_key(key_text(PUBLIC)) == PUBLIC


@pytest.mark.parametrize(
    "held",
    [f"{key_text(PUBLIC)}\n".encode(), MINE.public_key().public_bytes(*SPKI)],
    ids=["text", "pem"],
)
def test_a_file_may_hold_it(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "key.pub"
    file.write_bytes(held)

    assert read_trusted_key(str(file)) == PUBLIC


def test_one_s_own_signing_key_is_taken_for_its_public_half(tmp_path: Path) -> None:
    own = open_signing_key(tmp_path / "key.pem")

    assert read_trusted_key(str(own.path)) == own.public_key


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_signing_key_that_others_may_read_is_refused_here_too(tmp_path: Path) -> None:
    own = open_signing_key(tmp_path / "key.pem")
    own.path.chmod(0o644)

    with pytest.raises(ConfigError, match="others may read"):
        read_trusted_key(str(own.path))


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"", "no public key: it should be ed25519:"),
        (b"\xff", "no public key: it should be ed25519:"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n", "its PEM is broken"),
        (OTHER_KIND, "another kind than Ed25519"),
    ],
    ids=["empty", "binary", "broken", "x25519"],
)
def test_a_file_with_something_else_is_refused(
    tmp_path: Path, held: bytes, words: str
) -> None:
    file = tmp_path / "key.pub"
    file.write_bytes(held)

    with pytest.raises(ConfigError, match=words):
        read_trusted_key(str(file))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("ed25519:12", "64 hexadecimal digits"),
        ("nowhere.pub", "No such file.*--key takes ed25519:… or a file"),
    ],
)
def test_a_slip_is_told_in_words(given: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_trusted_key(given)
