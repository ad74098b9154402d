"""A public key as a user gives it: as text, or as a file."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from nsed.protocol.errors import ConfigError
from nsed.protocol.trail_entry import read_key_text
from nsed.trail.signing_key import read_signing_key

__all__ = ["read_trusted_key"]

_MOST_BYTES = 16_384


def read_trusted_key(given: str) -> bytes:
    """Read a key to check trails with.

    Args:
        given: `ed25519:` and 64 hexadecimal digits, or the path of a file that holds
            that, a public key in PEM, or the signing key itself.

    Returns:
        The public key, 32 bytes.

    Raises:
        ConfigError: It is none of these.
    """
    if given.startswith("ed25519:"):
        return _text(given, given)
    path = Path(given)
    try:
        with path.open("rb") as file:
            held = file.read(_MOST_BYTES).strip()
    except OSError as error:
        raise ConfigError(
            f"{given}: {error.strerror or error}; --key takes ed25519:… or a file"
        ) from error
    if b"PRIVATE KEY-----" in held:
        own = read_signing_key(path)
        if own is not None:
            return own.public_key
    if held.startswith(b"-----BEGIN PUBLIC KEY-----"):
        return _pem(given, held)
    return _text(given, held.decode("utf-8", "replace"))


def _text(given: str, text: str) -> bytes:
    try:
        return read_key_text(text)
    except ValueError as error:
        raise ConfigError(f"{given}: no public key: it {error}") from error


def _pem(given: str, held: bytes) -> bytes:
    try:
        key = load_pem_public_key(held)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{given}: no public key: its PEM is broken") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{given}: a public key of another kind than Ed25519")
    return key.public_bytes_raw()
