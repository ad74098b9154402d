"""The form an answer is asked for in: a JSON schema, and the check of a value."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import PydanticUserError

from nsed.json_schema_check import checked_schema
from nsed.protocol.errors import ConfigError

__all__ = ["AnswerForm", "answer_form"]

_JOINTS: Final = ("allOf", "dependentSchemas", "if", "not", "unevaluatedProperties")


@dataclass(frozen=True)
class AnswerForm:
    """What an answer should look like."""

    schema: Mapping[str, Any] | None
    """JSON schema; None: any JSON object."""
    read: Callable[[dict[str, Any]], Any]
    """Makes the value the caller wants of a JSON object; `ValueError` if it does not
    fit."""

    @property
    def enforced(self) -> Mapping[str, Any] | None:
        """The schema as servers enforce it: objects are closed unless it says else."""
        if self.schema is None:
            return None
        closed = copy.deepcopy(dict(self.schema))
        _close(closed)
        return closed

    def read_text(self, text: str) -> Any:  # noqa: ANN401 - whatever `read` makes
        """Read the JSON text of an object.

        Raises:
            ValueError: It is none, or does not fit.
        """
        found = json.loads(text)
        if not isinstance(found, dict):
            msg = f"expected a JSON object, found {type(found).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - as every text that does not fit
        return self.read(found)


def answer_form(schema: type | Mapping[str, Any] | None) -> AnswerForm:
    """Make a form of a pydantic class, a TypedDict, a JSON schema, or of nothing.

    Raises:
        ConfigError: It is none of these, or a JSON schema that cannot be checked.
    """
    if schema is None:
        return AnswerForm(None, lambda found: found)
    if isinstance(schema, Mapping):
        plain = dict(schema)
        return AnswerForm(plain, _checked(plain))
    if isinstance(schema, type) and hasattr(schema, "model_validate_json"):
        try:
            plain = schema.model_json_schema()  # type: ignore[attr-defined]
        except PydanticUserError as error:  # such as a field that is a function
            raise ConfigError(f"schema {schema.__name__}: {error}") from error
        return AnswerForm(
            plain, lambda found: schema.model_validate_json(json.dumps(found))
        )
    if isinstance(schema, type) and hasattr(schema, "parse_obj"):  # pydantic 1
        return AnswerForm(schema.schema(), schema.parse_obj)  # type: ignore[attr-defined]
    if isinstance(schema, type) and hasattr(schema, "__required_keys__"):
        from langchain_core.utils.function_calling import (  # noqa: PLC0415 - slow
            convert_to_json_schema,
        )

        plain = convert_to_json_schema(schema)
        return AnswerForm(plain, _checked(plain))
    raise ConfigError(
        "schema: expected a pydantic class, a TypedDict class or a JSON schema, found "
        f"{type(schema).__name__}"
    )


def _checked(schema: Mapping[str, Any]) -> Callable[[dict[str, Any]], Any]:
    check = checked_schema(schema)

    def read(found: dict[str, Any]) -> dict[str, Any]:
        check(found)
        return found

    return read


def _close(schema: object) -> None:
    """Forbid further keys wherever an object says which it has.

    Not where parts are put together: each would forbid what the others demand.
    """
    parts = [part for part in _walk(schema) if isinstance(part, dict)]
    if any(word in part for part in parts for word in _JOINTS):
        return
    for part in parts:
        if isinstance(part.get("properties"), dict):
            part.setdefault("additionalProperties", False)


def _walk(schema: object) -> Iterator[object]:
    waiting: list[object] = [schema]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
