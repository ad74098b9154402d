"""Channel reducers: order and grouping never matter, a repeat never counts twice."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from langchain_core.messages import (
    AnyMessage,
    MessageLikeRepresentation,
    RemoveMessage,
    convert_to_messages,
)

from nsed.state.record import Record

__all__ = ["join_messages", "merge_by_key", "merge_records"]

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Record)


def merge_by_key(left: Mapping[K, V], right: Mapping[K, V]) -> dict[K, V]:
    """Union of two maps whose common keys agree.

    Raises:
        ValueError: Two branches wrote different values under one key.
    """
    clash = [key for key in left.keys() & right.keys() if left[key] != right[key]]
    if clash:
        msg = f"two branches wrote different values for {sorted(map(repr, clash))}"
        raise ValueError(msg)
    return {**left, **right}


def merge_records(
    kind: type[R],
) -> Callable[[Mapping[str, R], Mapping[str, R]], dict[str, R]]:
    """A `merge_by_key` of records that reads one written as plain data, too.

    So a state can be edited from outside: in Studio, by `update_state` over HTTP.

    Raises:
        ValidationError: Of the reducer: what was written is no such record.
    """

    def merge(left: Mapping[str, R], right: Mapping[str, R]) -> dict[str, R]:
        records = {
            key: value if isinstance(value, kind) else kind.model_validate(value)
            for key, value in right.items()
        }
        return merge_by_key(left, records)

    return merge


def join_messages(
    left: Sequence[AnyMessage],
    right: Sequence[MessageLikeRepresentation] | MessageLikeRepresentation,
) -> list[AnyMessage]:
    """Append messages to a chat; one whose id is there already takes its place.

    Whatever LangChain reads as a message will do: an object, a pair of role and text,
    a dictionary as chat clients send it. One without an id gets one.

    Raises:
        ValueError: It cannot be read as a message.
    """
    many = isinstance(right, Sequence) and not isinstance(right, str | tuple)
    chat = {str(message.id): message for message in left}
    for message in convert_to_messages(right if many else [right]):  # type: ignore[list-item, arg-type]
        id_ = str(message.id or uuid.uuid4())
        if isinstance(message, RemoveMessage):
            chat.pop(id_, None)
        else:
            chat[id_] = message.model_copy(update={"id": id_})  # type: ignore[assignment]
    return list(chat.values())
