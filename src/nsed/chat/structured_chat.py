"""`with_structured_output`: from the message that holds an object to the object."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import (
    Runnable,
    RunnableLambda,
    RunnableMap,
    RunnablePassthrough,
)
from langchain_core.utils.function_calling import convert_to_json_schema

from nsed.answer_form import AnswerForm, answer_form
from nsed.chat.message import NSED
from nsed.chat.no_tools import NO_TOOLS
from nsed.protocol.errors import ConfigError, StructureError, UnsupportedError

__all__ = ["form_for", "schema_for", "structured_chain"]

METHODS: Final = ("json_schema", "function_calling", "json_mode")


def schema_for(schema: type | Mapping[str, Any] | None) -> type | dict[str, Any] | None:
    """The schema as this package takes it: other ways of writing one are translated.

    Raises:
        ConfigError: It is none.
    """
    if not isinstance(schema, Mapping):
        return schema  # `answer_form` says what is wrong with it, if anything is
    kind = schema.get("type")
    if kind == "json_object":  # OpenAI's response_format
        return None
    if kind == "json_schema" and isinstance(schema.get("json_schema"), Mapping):
        return dict(schema["json_schema"].get("schema") or {})
    if kind == "object":
        return dict(schema)
    try:  # a function or a tool, as OpenAI and Anthropic write them
        return convert_to_json_schema(dict(schema))
    except ValueError as error:
        raise ConfigError(f"schema: {error}") from error


def form_for(schema: type | Mapping[str, Any] | None) -> AnswerForm:
    """The form of a schema, however it is written."""
    return answer_form(schema_for(schema))


def structured_chain(
    model: BaseChatModel,
    schema: type | Mapping[str, Any] | None,
    *,
    include_raw: bool,
    given: Mapping[str, Any],
) -> Runnable[LanguageModelInput, Any]:
    """Bind a model to a schema, and put the reading of the object behind it.

    Args:
        model: A `ChatNSED`.
        schema: See `ChatNSED.with_structured_output`.
        include_raw: Give the message, too, and the problem instead of an error.
        given: Further arguments of that method.

    Raises:
        ConfigError: The schema, or an argument, is of no use.
        UnsupportedError: There are tools.
    """
    _check_words(given)
    form = form_for(schema)

    def read(message: AIMessage) -> Any:  # noqa: ANN401 - whatever the form makes
        found = message.response_metadata[NSED]["structured"]
        if found["problem"]:
            raise StructureError(found["problem"], text=message.text)
        return form.read_text(message.text)

    told = {"kwargs": {"method": "json_schema"}, "schema": schema_for(schema) or {}}
    bound = model.bind(response_format=schema, ls_structured_output_format=told)
    parser = RunnableLambda(read, name="read_structured_answer")
    if not include_raw:
        return bound | parser
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    unparsed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks(
        [unparsed],
        exceptions_to_handle=(StructureError,),
        exception_key="parsing_error",
    )


def _check_words(given: Mapping[str, Any]) -> None:
    if given.get("tools"):
        raise UnsupportedError(NO_TOOLS)
    method = given.get("method")
    if method not in (None, *METHODS):
        raise ConfigError(
            f"method: expected one of {', '.join(METHODS)}, found {method!r}"
        )
    for name in given:
        if name not in ("method", "strict", "tools"):
            raise ConfigError(
                f"with_structured_output takes method and strict, found {name!r}"
            )
