"""From a chat request to a task: what is asked, with which settings, in which form."""

import json
from dataclasses import dataclass
from typing import Final

from nsed.answer_form import AnswerForm, answer_form
from nsed.call_settings import adjusted
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.conversation import task_of
from nsed.stop_sequences import stop_list
from nsed.studio.chat_message import turn_of
from nsed.studio.chat_request import ChatRequest, JsonSchemaFormat, refuse_the_rest
from nsed.studio.model_names import preset_of
from nsed.studio.refusal import RefusedError

__all__ = ["ChatTask", "chat_task"]

_EFFORTS: Final = {
    "none": "fast",
    "minimal": "fast",
    "low": "fast",
    "high": "deep",
    "xhigh": "deep",
}
"""`medium`, the default of OpenAI's models, is the preset of the model."""
_MOST_STOPS: Final = 4
_MOST_SCHEMA_CHARS: Final = 64_000
"""It becomes part of a prompt, and to check it takes about 10 ms for 1,000 of them."""


@dataclass(frozen=True)
class ChatTask:
    """One deliberation that a chat client asks for."""

    model: str
    preset: str | None
    task: str
    config: DeliberationConfig
    stops: tuple[str, ...]
    form: AnswerForm | None
    """The form of the answer; None: text."""


def chat_task(request: ChatRequest, settings: Settings) -> ChatTask:
    """Settle a request into a task. Slow where a JSON schema has to be checked.

    Raises:
        RefusedError: It asks for something that is not done here; by name.
    """
    refuse_the_rest(request)
    preset = _preset(request, settings)
    turns = [turn_of(message, at) for at, message in enumerate(request.messages)]
    try:
        task = task_of(turns)
    except ValueError as error:
        raise _invalid("messages", str(error)) from error
    tokens = _agreed(request)
    seed = None if request.seed is None else request.seed % 2**31
    try:
        stops = stop_list(request.stop)
    except ConfigError as error:
        raise _invalid("stop", str(error)) from error
    if len(stops) > _MOST_STOPS:
        raise _invalid("stop", f"stop: at most {_MOST_STOPS} sequences")
    chosen = settings.config(preset=preset)
    if chosen.human_review:
        raise ConfigError(
            "human_review is on, and a chat client cannot decide after each round; "
            "turn it off, or in a preset of its own"
        )
    config = adjusted(
        chosen,
        answer_tokens=tokens,
        temperature=request.temperature,
        seed=seed,
    )
    return ChatTask(request.model, preset, task, config, tuple(stops), _form(request))


def _preset(request: ChatRequest, settings: Settings) -> str | None:
    preset = preset_of(request.model, settings)
    wanted = _EFFORTS.get(request.reasoning_effort or "")
    if wanted is None:
        return preset
    if preset not in (None, wanted):
        raise _invalid(
            "reasoning_effort",
            f"reasoning_effort {request.reasoning_effort!r} and the model "
            f"{request.model!r} are two presets; give one of them",
        )
    return wanted


def _agreed(request: ChatRequest) -> int | None:
    """The limit on output, under either of its names."""
    given = {request.max_tokens, request.max_completion_tokens} - {None}
    if len(given) > 1:
        raise _invalid(
            "max_tokens", "max_tokens and max_completion_tokens differ; give one"
        )
    return given.pop() if given else None


def _form(request: ChatRequest) -> AnswerForm | None:
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return None
    schema = None
    if isinstance(wanted, JsonSchemaFormat):
        schema = wanted.json_schema.schema_
        if len(json.dumps(schema)) > _MOST_SCHEMA_CHARS:
            raise _invalid(
                "response_format",
                f"the JSON schema may have {_MOST_SCHEMA_CHARS:,} characters",
            )
    try:
        return answer_form(schema)
    except ConfigError as error:
        raise _invalid("response_format", str(error)) from error


def _invalid(name: str, message: str) -> RefusedError:
    return RefusedError(400, message, code="invalid_value", param=name)
