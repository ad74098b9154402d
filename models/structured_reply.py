"""From a raw reply to a checked object: strip reasoning, parse, repair, validate."""

import json
import re
from typing import Any, TypeVar

from json_repair import repair_json
from pydantic import BaseModel, ValidationError

from nsed.protocol.errors import ExpertError

__all__ = ["read_object", "strip_reasoning"]

M = TypeVar("M", bound=BaseModel)

MAX_REPLY_CHARS = 200_000
"""Longer replies are not parsed: no ballot needs them."""

_TAGS = "think|thinking|thought|reasoning|reflection"
_CLOSED = re.compile(rf"<({_TAGS})\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_ONLY_END = re.compile(rf"^.*</({_TAGS})\s*>", re.DOTALL | re.IGNORECASE)
_ONLY_START = re.compile(rf"<({_TAGS})\b[^>]*>.*$", re.DOTALL | re.IGNORECASE)


def strip_reasoning(text: str) -> str:
    """Remove reasoning blocks, also ones whose start or end tag is missing.

    Some chat templates open the block in the prompt, so only the end tag arrives;
    a reply cut off while thinking has only the start tag and leaves nothing.
    """
    text = _CLOSED.sub("", text)
    text = _ONLY_END.sub("", text)
    return _ONLY_START.sub("", text).strip()


def read_object(text: str, form: type[M]) -> tuple[M, bool]:
    """Read one JSON object of a form out of a reply.

    Returns:
        The object, and whether the JSON had to be repaired.

    Raises:
        ExpertError: `empty` or `malformed`, with what was found and what was wanted.
    """
    plain = strip_reasoning(text)
    if not plain:
        raise ExpertError("empty", "the reply is empty")
    if len(plain) > MAX_REPLY_CHARS:
        raise ExpertError("malformed", f"the reply has {len(plain)} characters")
    found, repaired = _loads(plain)
    if not isinstance(found, dict):
        kind = type(found).__name__
        raise ExpertError("malformed", f"expected one JSON object, found {kind}")
    try:
        return form.model_validate(found), repaired
    except ValidationError as error:
        raise ExpertError("malformed", _in_words(error)) from error


def _loads(plain: str) -> tuple[Any, bool]:
    try:
        return json.loads(plain), False
    except ValueError:  # also RecursionError's cousin: too deep to be a ballot
        pass
    except RecursionError as error:
        raise ExpertError("malformed", "the reply is nested too deeply") from error
    try:
        found = repair_json(plain, return_objects=True)
    except (RecursionError, ValueError) as error:
        raise ExpertError("malformed", "the reply is not JSON") from error
    if isinstance(found, list):  # prose around an object gives a list of finds
        objects = [item for item in found if isinstance(item, dict)]
        found = max(objects, key=len, default=found)
    return found, True


def _in_words(error: ValidationError) -> str:
    """The first few complaints, short enough to quote back at the model."""
    lines = [
        f"{'.'.join(map(str, e['loc'])) or 'object'}: {e['msg']}"
        for e in error.errors(include_url=False, include_input=False)[:5]
    ]
    return "; ".join(lines)
