"""The log of one run's calls: what was sent, and how it ended. Kept as they go."""

import json
from dataclasses import dataclass
from typing import Any, Protocol, Self

from pydantic import TypeAdapter

from nsed.models.base import Reply
from nsed.models.failures import CallError
from nsed.protocol.errors import ExpertError

__all__ = ["CallLog", "Ended", "LoggedCall"]

_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: with a reply, or with the expert's failure."""

    outcome: Reply | ExpertError
    at: float
    """Unix time, in seconds."""

    def to_json(self) -> str:
        """As text; a failure with all that is known of it."""
        if isinstance(self.outcome, Reply):
            found = {"reply": _REPLY.dump_python(self.outcome, mode="json")}
        else:
            found = {"failure": {"words": str(self.outcome), **vars(self.outcome)}}
        return json.dumps({**found, "at": self.at})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it again.

        Raises:
            ValueError: It is something else.
        """
        found: dict[str, Any] = json.loads(text)
        if "reply" in found:
            return cls(_REPLY.validate_python(found["reply"]), found["at"])
        failure = CallError(found["failure"].pop("kind"), found["failure"].pop("words"))
        vars(failure).update(found["failure"])
        return cls(failure, found["at"])


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call that an earlier process made for this run."""

    sent_at: float
    """Unix time, in seconds."""
    ended: Ended | None
    """None: that process ended first, and nobody knows what came of the call."""


class CallLog(Protocol):
    """Where the calls of one run are noted, and found again by whoever resumes it."""

    def take(self, key: str) -> LoggedCall | None:
        """The next of the calls with this key that earlier processes made; once."""
        ...

    async def sent(self, key: str) -> int:
        """Note, before it is made, that a call is made; returns its number."""
        ...

    async def ended(self, number: int, ended: Ended) -> None:
        """Note how it ended, before anybody acts on it."""
        ...
