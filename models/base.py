"""The `Expert` seam: one async method, usage in the reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from nsed.protocol.usage import Usage
from nsed.state.expert_config import BallotMethod, ExpertConfig
from nsed.state.records import Phase

__all__ = ["Expert", "FailureKind", "Message", "Reply", "Request"]

FailureKind = Literal[
    "auth",
    "budget",
    "cancelled",
    "connection",
    "content_filter",
    "context_too_long",
    "empty",
    "lost",
    "malformed",
    "model_gone",
    "rate_limit",
    "server_error",
    "timeout",
    "truncated",
    "unsupported",
]
"""What can go wrong with one call; each word is used in absences and telemetry."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an expert is asked."""

    messages: tuple[Message, ...]
    max_output_tokens: int
    timeout_s: float
    """Wall-clock limit from the moment the endpoint is free, in seconds."""
    phase: Phase = "propose"
    round: int = 1
    seed: int = 0
    finish: str = ""
    """What to say to a model that was cut off before its answer; empty: nothing."""
    lead: str = ""
    """What it had written when it was cut off; put before its reply, not sent."""
    json_schema: Mapping[str, Any] | None = None
    """Ask for a JSON object of this schema; None for free text."""
    reask: Callable[[str], str] | None = field(default=None, compare=False)
    """Words for a model whose reply cannot be read, made from what is wrong with it.
    None: ask the same again."""

    @property
    def prompt_bytes(self) -> int:
        """UTF-8 size of everything sent, the schema included."""
        size = sum(len(m.content.encode("utf-8", "replace")) for m in self.messages)
        return size + (len(str(self.json_schema)) if self.json_schema else 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    text: str
    usage: Usage
    truncated: bool = False
    """Whether the model was cut off by `max_output_tokens`."""
    method: BallotMethod = "text"
    """How JSON was asked for."""
    first_token_ms: int | None = None
    """Milliseconds to the first token, where the provider tells."""
    cached: bool = False
    """Whether it is an earlier reply, out of the response cache."""
    ended_at: float | None = None
    """Unix time at which it had arrived, if that is not now: another process got it."""


class Expert(Protocol):
    """One model that can be asked."""

    @property
    def config(self) -> ExpertConfig:
        """Its configuration."""
        ...

    async def reply(self, request: Request) -> Reply:
        """Answer one request; safe to call concurrently.

        Raises:
            ExpertError: Nothing usable came back; `kind` is a `FailureKind`.
        """
        ...
