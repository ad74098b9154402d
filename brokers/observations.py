"""What telemetry is made of: single facts about experts. No prompts, no answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nsed.state.team import Role

__all__ = [
    "AgreementSeen",
    "CallSeen",
    "Observation",
    "OutcomesSeen",
    "SupportSeen",
    "UnreachableSeen",
]


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One attempt to ask an expert, as it ended."""

    expert: str
    role: Role
    category: str
    at: float
    """Unix time at which it ended, in seconds."""
    outcome: str
    """`ok`, or a `FailureKind`."""
    latency_ms: int
    first_token_ms: int | None
    """None where the provider does not tell."""
    input_tokens: int
    output_tokens: int
    nano_usd: int | None
    """Price in 1e-9 USD; None if it is unknown."""


@dataclass(frozen=True, slots=True)
class UnreachableSeen:
    """An expert that was gone when its endpoint was looked up; no call was made."""

    expert: str
    at: float
    kind: Literal["model_gone"] = "model_gone"


@dataclass(frozen=True, slots=True)
class SupportSeen:
    """The net support, in [-1, 1], that a proposal of the expert won."""

    expert: str
    category: str
    at: float
    net_support: float


@dataclass(frozen=True, slots=True)
class AgreementSeen:
    """Whether a reviewer's ballot put the final winner's answer first."""

    expert: str
    category: str
    at: float
    agreed: bool


@dataclass(frozen=True, slots=True)
class OutcomesSeen:
    """Experts that were graded on one and the same task: who was right."""

    category: str
    at: float
    right: Mapping[str, bool]


Observation = CallSeen | UnreachableSeen | SupportSeen | AgreementSeen | OutcomesSeen
