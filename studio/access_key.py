"""A key of the server: who holds it, what it may cost. The key itself is not kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from pydantic import Field

from nsed.state.record import Record

__all__ = ["KEY_NAME", "AccessKey", "digest_of", "matching", "new_token"]

KEY_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_PREFIX = "nsed-"
_BYTES = 32
"""256 bits from the system's source of randomness: nobody guesses or lists them."""


class AccessKey(Record):
    """What is on file of one key. Its name is the account, and owns its runs."""

    name: str = Field(pattern=KEY_NAME)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    """Of the token. No salt and no slow hash: it has 256 random bits, so there is no
    list of likely ones to try."""
    created_at: float = 0.0
    """Unix time, in seconds."""
    budget_usd: float | None = Field(default=None, ge=0, le=1e6)
    """Most US dollars that all its runs may cost; None: no limit."""
    per_day: bool = False
    """Whether the budget begins anew with every day (UTC)."""
    usd_per_run: float | None = Field(default=None, gt=0, le=1e6)
    """Most US dollars of one run; None: a share of what is left, see `Admission`."""
    runs_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    """Most runs that may begin within any 60 seconds."""
    concurrent: int | None = Field(default=None, ge=1, le=100_000)
    """Most runs at one time."""
    presets: tuple[str, ...] | None = Field(default=None, max_length=256)
    """Presets it may use, `default` for none; None: all."""


def new_token() -> str:
    """Make a key: shown once, kept by whoever gets it."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(token: str) -> str:
    """SHA-256 of a token, as hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def matching(keys: Iterable[AccessKey], token: str) -> AccessKey | None:
    """Return the key whose token this is, or None.

    All keys are compared, each in constant time: how long it takes says nothing of
    how near a guess is, or of which key it was.
    """
    digest, found = digest_of(token), None
    for key in keys:
        if hmac.compare_digest(key.sha256, digest):
            found = key
    return found
