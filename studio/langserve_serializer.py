"""JSON of what LangServe streams: its own serializer breaks on a fan-out."""

from collections import deque
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from pathlib import PurePath

import orjson
from langgraph.types import Send
from langserve.serialization import WellKnownLCSerializer
from pydantic import BaseModel

__all__ = ["EventSerializer"]


class EventSerializer(WellKnownLCSerializer):
    """Writes messages as LangServe does, and all else that a graph's events hold."""

    def dumps(self, obj: object) -> bytes:
        """Write JSON; what has no form of its own is named by its type, not shown."""
        options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
        return orjson.dumps(obj, default=_plain, option=options)


def _plain(obj: object) -> object:
    if isinstance(obj, BaseModel):
        return obj.model_dump()
    if isinstance(obj, Send):
        return {"node": obj.node, "arg": obj.arg}
    if is_dataclass(obj) and not isinstance(obj, type):  # with slots, or such a parent
        return {field.name: getattr(obj, field.name) for field in fields(obj)}
    if isinstance(obj, AbstractSet | deque | tuple):
        return list(obj)
    if isinstance(obj, PurePath):
        return str(obj)
    return f"<{type(obj).__name__}>"
