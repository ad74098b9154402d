"""Replies of `/v1/chat/completions` and `/v1/models`, as OpenAI's clients read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from nsed.protocol.usage import Usage
from nsed.run import VERSION
from nsed.studio.verdict_summary import VerdictSummary

__all__ = [
    "FINGERPRINT",
    "ChatChunk",
    "ChatCompletion",
    "Choice",
    "ChunkChoice",
    "Delta",
    "ErrorBody",
    "Finish",
    "Message",
    "Model",
    "ModelList",
    "TokenUsage",
]

FINGERPRINT = f"nsed-{VERSION}"
Finish = Literal["stop", "length"]


class _Body(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Message(_Body):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(_Body):
    """The one choice."""

    index: Literal[0] = 0
    message: Message
    logprobs: None = None
    finish_reason: Finish


class CachedTokens(_Body):
    """Of the prompt tokens."""

    cached_tokens: int = 0


class TokenUsage(_Body):
    """Summed over all calls of all experts, retries and reviews included."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens

    @classmethod
    def of(cls, usage: Usage) -> "TokenUsage":
        """In OpenAI's words."""
        return cls(
            prompt_tokens=usage.input_tokens,
            completion_tokens=usage.output_tokens,
            total_tokens=usage.tokens,
            prompt_tokens_details=CachedTokens(cached_tokens=usage.cached_input_tokens),
        )


class ChatCompletion(_Body):
    """A whole reply."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage
    system_fingerprint: str = FINGERPRINT
    nsed: VerdictSummary
    """The one key that OpenAI's replies do not have."""


class Delta(_Body):
    """What a chunk adds; only what is set is sent."""

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning_content: str | None = None
    """What happens while the panel deliberates, a line at a time."""


class ChunkChoice(_Body):
    """The one choice, in part."""

    index: Literal[0] = 0
    delta: Delta
    logprobs: None = None
    finish_reason: Finish | None = None


class ChatChunk(_Body):
    """A piece of a reply."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: TokenUsage | None = None
    system_fingerprint: str = FINGERPRINT
    nsed: VerdictSummary | None = None
    """Of the chunk with the finish reason."""


class Model(_Body):
    """A preset, as a model."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["nsed"] = "nsed"


class ModelList(_Body):
    """All presets."""

    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetail(_Body):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    """The parameter it is about."""
    code: str | None = None


class ErrorBody(_Body):
    """Every reply that is not a success."""

    error: ErrorDetail
