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
MAX_REPAIR_CHARS = 20_000
"""Longer ones are not repaired: that may take seconds of the event loop."""
MAX_BRACKETS = 1500
"""Nor are those with more brackets."""

_TAG = re.compile(
    r"<(/?)(?:think|thinking|thought|reasoning|reflection)(?:\s[^<>]{0,200})?>",
    re.IGNORECASE,
)


def strip_reasoning(text: str) -> str:
    """Remove reasoning blocks, also nested ones and ones that lack a tag.

    Some chat templates open the block in the prompt, so only the end tag arrives;
    a reply cut off while thinking has only the start tag and leaves nothing. A block
    ends at the first end tag after its start, unless further end tags show that the
    starts inside were nested. Takes time linear in the text.
    """
    kept: list[str] = []
    place = inner = 0
    thinking = False
    for tag in _TAG.finditer(text):
        ends = bool(tag[1])
        if thinking and not ends:
            inner += 1  # nested, or merely mentioned
        elif thinking:
            thinking = False
        elif ends and inner:
            inner -= 1  # what came since the last end tag was reasoning, too
        elif ends:
            kept.clear()  # the block was opened in the prompt
        else:
            kept.append(text[place : tag.start()])
            thinking, inner = True, 0
        place = tag.end()
    if not thinking:
        kept.append(text[place:])
    return "".join(kept).strip()


def read_object(text: str, form: type[M]) -> tuple[M, bool]:
    """Read one JSON object of a form out of a reply.

    Where a reply holds several, the last one that fits the form counts: drafts and
    quotations come before the final word.

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
    found = _without_half_pairs(found)
    several = found if isinstance(found, list) else [found]
    objects = [item for item in several if isinstance(item, dict) and item]
    if not objects:
        what = "an empty one" if found == {} else f"{type(found).__name__}"
        raise ExpertError("malformed", f"expected one JSON object, found {what}")
    complaints = []
    for candidate in reversed(objects):
        try:
            return form.model_validate(candidate), repaired
        except ValidationError as error:
            complaints.append((len(candidate), _in_words(error)))
    raise ExpertError("malformed", max(complaints)[1])


def _loads(plain: str) -> tuple[Any, bool]:
    try:
        return json.loads(plain), False
    except ValueError as error:
        brackets = sum(map(plain.count, "([{"))
        if len(plain) > MAX_REPAIR_CHARS or brackets > MAX_BRACKETS:
            what = f"the reply is not JSON ({error}) and too long to repair"
            raise ExpertError("malformed", what) from error
    except RecursionError as error:
        raise ExpertError("malformed", "the reply is nested too deeply") from error
    try:
        # Prose around several objects gives a list of them.
        return repair_json(plain, return_objects=True), True
    except Exception as error:  # its asserts and look-ups fail on some replies
        raise ExpertError("malformed", "the reply is not JSON") from error


def _without_half_pairs(found: object) -> object:
    r"""Replace lone surrogates: plain ASCII can ask for one, as `\ud800`.

    No checkpoint, record or request that quotes one can be encoded.
    """
    try:
        said = json.dumps(found, ensure_ascii=False)
        sendable = said.encode("utf-8", "replace").decode()
        return found if said == sendable else json.loads(sendable)
    except (RecursionError, ValueError) as error:
        raise ExpertError("malformed", "the reply is nested too deeply") from error


def _in_words(error: ValidationError) -> str:
    """The first few complaints, short enough to quote back at the model."""
    lines = [
        f"{'.'.join(map(str, e['loc']))[:80] or 'object'}: {e['msg']}"
        for e in error.errors(include_url=False, include_input=False)[:5]
    ]
    return "; ".join(lines)
