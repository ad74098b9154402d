"""How a task of a fan-out reads the state: `Send` carries ids, texts stay put.

With texts in `Send`, every task's input is written to the checkpoint, which grows
with the square of the team (docs/decisions/0003).
"""

from collections.abc import Callable
from typing import cast

from langgraph.config import get_config

from nsed.state.schema import DeliberationState

__all__ = ["shared_state"]

READ = "__pregel_read"
"""Where the engine puts its reader; langgraph's own ToolNode reads state this way."""


def shared_state() -> DeliberationState:
    """Read the channels as they were when this superstep began. Call it in a node."""
    read: Callable[[list[str]], dict[str, object]] = get_config()["configurable"][READ]
    return cast("DeliberationState", read(list(DeliberationState.__annotations__)))
