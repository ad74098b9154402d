"""A request of `/v1/chat/completions`: what is honoured, what is refused by name."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from nsed.studio.chat_message import ChatMessage
from nsed.studio.refusal import RefusedError

__all__ = ["ChatRequest", "JsonSchemaFormat", "refuse_the_rest"]


class _Body(BaseModel):
    # Strict, as OpenAI's API is: a number in quotes is no number.
    model_config = ConfigDict(
        extra="forbid", strict=True, use_attribute_docstrings=True
    )


class StreamOptions(_Body):
    """How to stream."""

    include_usage: bool = False
    """Send a last chunk with the usage."""
    include_obfuscation: bool | None = None
    """Accepted: nothing is padded here."""


class JsonSchema(_Body):
    """A form for the answer."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None
    """Accepted: the answer is checked against the schema in any case."""


class TextFormat(_Body):
    """Free text."""

    type: Literal["text"]


class JsonObjectFormat(_Body):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaFormat(_Body):
    """A JSON object of a form."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


Format = Annotated[
    TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")
]


class ChatRequest(_Body):
    """What a client asks for. Everything is honoured, accepted as said, or refused."""

    model: str = Field(max_length=200)
    """`nsed`, or `nsed-` and the name of a preset."""
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=16)
    """Most output tokens of one proposal: a limit of each expert, not of the sum."""
    max_completion_tokens: int | None = Field(default=None, ge=16)
    """The new name of `max_tokens`."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Of every expert."""
    seed: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1)
    """Decides labels and orders, and is sent on to experts; modulo 2^31."""
    stop: str | list[str] | None = None
    """The answer ends before the first of them."""
    response_format: Format | None = None
    reasoning_effort: (
        Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None
    ) = None
    """With the model `nsed`: `low` and less is the preset `fast`, `high` and more is
    `deep`, `medium` is no preset."""
    n: Literal[1] | None = None
    user: str | None = Field(default=None, max_length=512)
    """Accepted; kept nowhere."""

    # Accepted where they ask for nothing that is not done anyway; see `_ONLY`.
    top_p: Any = None
    frequency_penalty: Any = None
    presence_penalty: Any = None
    logit_bias: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    tools: Any = None
    tool_choice: Any = None
    parallel_tool_calls: Any = None
    functions: Any = None
    function_call: Any = None
    modalities: Any = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None
    verbosity: Any = None
    store: Any = None
    service_tier: Any = None
    metadata: Any = None
    """Accepted; kept nowhere."""
    safety_identifier: Any = None
    """Accepted; kept nowhere."""
    prompt_cache_key: Any = None
    """Accepted: prompts are cached by whoever serves the experts."""


_ONLY: Final[dict[str, tuple[Any, ...]]] = {
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "verbosity": ("medium",),
    "store": (False,),
    "service_tier": ("auto", "default"),
}
"""Values of parameters that are not supported but mean "as usual"; null always does."""
_INSTEAD: Final = {
    "tools": "; give the panel to an agent as a tool instead (nsed.as_tool, nsed mcp)",
    "store": "; where runs are kept is a setting of the server (checkpoints)",
}


def refuse_the_rest(request: ChatRequest) -> None:
    """Refuse by name what would have to change the answer and does not.

    Raises:
        RefusedError: For the first such parameter.
    """
    for name, usual in _ONLY.items():
        found = getattr(request, name)
        if found is None or any(_same(found, value) for value in usual):
            continue
        allowed = "".join(f", or {value!r}" for value in usual)
        raise _unsupported(
            name,
            f"{name} is not supported: leave it out{allowed}{_INSTEAD.get(name, '')}",
        )
    if request.stream_options is not None and not request.stream:
        raise _unsupported("stream_options", "stream_options needs stream: true")


def _same(found: object, usual: object) -> bool:
    """Equal, and not as 1 equals True."""
    if isinstance(found, bool) or isinstance(usual, bool):
        return found is usual
    return found == usual


def _unsupported(name: str, message: str) -> RefusedError:
    return RefusedError(400, message, code="unsupported_parameter", param=name)
