"""The user's signing key: an Ed25519 key in a file that only its owner may read."""

import contextlib
import os
import shlex
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from nsed.protocol.errors import ConfigError
from nsed.protocol.trail_entry import key_text

__all__ = ["SigningKey", "open_signing_key", "read_signing_key"]

_MOST_BYTES: Final = 16_384
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class SigningKey:
    """A private key. Only its signatures leave it, never its bytes."""

    private: Ed25519PrivateKey
    path: Path
    """Where it lies."""

    @property
    def public_key(self) -> bytes:
        """What others check its signatures with, 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def public_text(self) -> str:
        """The same as text, `ed25519:…`."""
        return key_text(self.public_key)

    def sign(self, data: bytes) -> bytes:
        """64 bytes of signature."""
        return self.private.sign(data)


def open_signing_key(path: Path) -> SigningKey:
    """Read the key, or make one where there is none.

    Several processes may do so at once: one of them makes the key, all of them get it.

    Raises:
        ConfigError: It cannot be made, or `read_signing_key` refuses it.
    """
    found = read_signing_key(path)
    if found is None:
        _create(path)
        found = read_signing_key(path)
    if found is None:
        raise ConfigError(f"{path}: the signing key is gone again")
    return found


def read_signing_key(path: Path) -> SigningKey | None:
    """Read the key; None where there is no such file.

    A link is followed, so that the key may lie elsewhere; owner and permissions are
    those of the file it leads to. (Windows has no such permissions; none are checked.)

    Raises:
        ConfigError: Others may read it, it is somebody else's, or it is no Ed25519
            key without a passphrase.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _check_safe(path, status)
            text = file.read(_MOST_BYTES)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise ConfigError(
                f"{path}: the signing key is a link that leads nowhere"
            ) from error
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: the signing key cannot be read: {error.strerror or error}"
        ) from error
    return SigningKey(_parse(path, text), path)


def _check_safe(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path}: the signing key is not a plain file")
    if os.name == "nt":
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise ConfigError(
            f"{path}: the signing key belongs to another user (id {status.st_uid})"
        )
    if status.st_mode & _OTHERS:
        raise ConfigError(
            f"{path}: others may read or write the signing key (mode "
            f"{stat.S_IMODE(status.st_mode):04o}). If nobody has: "
            f"chmod 600 {shlex.quote(str(path))}"
        )


def _parse(path: Path, text: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text, password=None)
    except TypeError as error:
        raise ConfigError(
            f"{path}: the signing key is locked with a passphrase, which nsed cannot "
            "ask for; keep it without one, readable by you alone"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{path}: the signing key is not a private key in PEM (PKCS #8)"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: the signing key is of another kind than Ed25519")
    return key


def _create(path: Path) -> None:
    """Put a new key there, whole, unless somebody else is faster."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    partial: Path | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp makes it with O_EXCL and mode 0600: at no moment can others read it.
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        partial = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)  # unlike a renaming, it never replaces a key
    except OSError as error:
        raise ConfigError(
            f"{path}: the signing key cannot be created: {error.strerror or error}"
        ) from error
    finally:
        if partial is not None:
            with contextlib.suppress(OSError):
                partial.unlink()
