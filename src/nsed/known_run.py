"""A run as the log knows it: what it was asked, with what, and how far it came."""

import json
from typing import Any, Final, Literal, Self

from pydantic import ConfigDict, ValidationError

from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.record import Record

__all__ = ["SHORT_ID", "KnownRun", "RunEnd", "RunState"]

SHORT_ID: Final = 8
"""How many characters of an id are shown; the beginning of it is enough to name it."""

RunState = Literal["open", "waiting", "finished", "failed"]


class _Kept(Record):
    """What is on file, perhaps from another version: what is unknown is passed over."""

    model_config = ConfigDict(extra="ignore")


class RunEnd(_Kept):
    """What came of a run, as far as it came."""

    rounds: int = 0
    """Rounds that were decided."""
    answer: str = ""
    nano_usd: int | None = None
    """None where the price of a call is unknown."""
    reason: str = ""
    """Why there is no answer, where it failed; what is asked, where it waits."""


class KnownRun(_Kept):
    """All that is needed to go on with a run, but for its state. No secrets."""

    id: str
    begun_at: float
    """Unix time, in seconds."""
    version: str
    """Of the nsed that began it."""
    graph: str
    task: str
    settings: dict[str, Any]
    """The configuration as JSON; see `config`."""
    forked_from: str = ""
    """Where it was taken over from another run: `<id>, before round 2`."""
    owner: str = ""
    """Name of the key it was asked for with; empty: a user of this machine."""
    state: RunState = "open"
    """`open` is at work, or was until its process ended."""
    end: RunEnd = RunEnd()

    @property
    def config(self) -> DeliberationConfig:
        """What it runs with.

        Raises:
            ConfigError: Another version has written settings that this one has not.
        """
        try:
            return DeliberationConfig.model_validate(self.settings)
        except ValidationError as error:
            raise ConfigError(
                f"run {self.id[:SHORT_ID]} was begun by nsed {self.version}, which has "
                "other settings; use that version for it"
            ) from error

    def to_json(self) -> str:
        """In ASCII: a text may hold half a surrogate pair, which UTF-8 cannot."""
        return json.dumps(self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it again."""
        return cls.model_validate(json.loads(text))
