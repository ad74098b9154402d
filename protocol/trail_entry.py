"""One entry of a trail: the form of its line, and what its signature covers [ours]."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsed.protocol.canonical_json import canonical_json, read_canonical_json

__all__ = [
    "FIRST_PREV",
    "TRAIL_VERSION",
    "Entry",
    "key_text",
    "read_entry",
    "read_key_text",
    "signed_bytes",
]

TRAIL_VERSION: Final = 1
FIRST_PREV: Final = "0" * 64
"""`prev` of the first entry: nothing stands before it."""

_DOMAIN: Final = f"nsed trail {TRAIL_VERSION}\n".encode()
"""Signed with every entry, so that a signature made for something else never fits."""
_FIELDS: Final = ("author", "body", "kind", "prev", "seq", "signature", "time")
_KEY = re.compile(r"ed25519:([0-9a-f]{64})")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed entry, as it stands in a line."""

    seq: int
    """0 for the first."""
    prev: str
    """SHA-256 of the line before, in hexadecimal."""
    kind: str
    body: Mapping[str, Any]
    time: float | None
    """Unix time in seconds, or None where none was taken."""
    author: str
    signature: str
    """128 hexadecimal digits."""
    line: bytes
    """Its canonical JSON, without a line end."""

    @property
    def digest(self) -> str:
        """SHA-256 of its line: the `prev` of the next entry."""
        return hashlib.sha256(self.line).hexdigest()

    def is_signed_by(self, public_key: bytes) -> bool:
        """Whether its signature fits, for a key of 32 bytes."""
        covered = signed_bytes({name: getattr(self, name) for name in _FIELDS})
        key = Ed25519PublicKey.from_public_bytes(public_key)
        try:
            key.verify(bytes.fromhex(self.signature), covered)
        except InvalidSignature:
            return False
        return True


def signed_bytes(fields: Mapping[str, Any]) -> bytes:
    """What a signature covers: all fields of an entry but the signature itself.

    Raises:
        ValueError: They have no canonical JSON.
    """
    covered = {name: value for name, value in fields.items() if name != "signature"}
    return _DOMAIN + canonical_json(covered)


def read_entry(line: bytes) -> Entry:
    """Read one line, without its end.

    Raises:
        ValueError: It is not the canonical JSON of an entry.
    """
    fields = read_canonical_json(line)
    if not isinstance(fields, dict) or tuple(sorted(fields)) != _FIELDS:
        msg = f"not an entry: its fields are not {', '.join(_FIELDS)}"
        raise ValueError(msg)
    for name in _FIELDS:
        if not _has_its_type(name, fields[name]):
            msg = f"not an entry: `{name}` is not what it may be"
            raise ValueError(msg)
    return Entry(**fields, line=line)


def key_text(public_key: bytes) -> str:
    """A public key as text. It is 32 bytes: short enough to be its own fingerprint."""
    return f"ed25519:{public_key.hex()}"


def read_key_text(text: str) -> bytes:
    """Read `ed25519:` and 64 hexadecimal digits.

    Raises:
        ValueError: It is something else.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        msg = "should be ed25519: and 64 hexadecimal digits in lower case"
        raise ValueError(msg)
    return bytes.fromhex(found[1])


def _has_its_type(name: str, value: Any) -> bool:  # noqa: ANN401 - JSON
    match name:
        case "seq":
            return type(value) is int and value >= 0
        case "prev":
            return isinstance(value, str) and bool(_DIGEST.fullmatch(value))
        case "signature":  # one spelling: bytes.fromhex would take capitals and spaces
            return isinstance(value, str) and bool(_SIGNATURE.fullmatch(value))
        case "body":
            return isinstance(value, dict)
        case "time":
            return value is None or type(value) in (int, float)
        case _:
            return isinstance(value, str)
