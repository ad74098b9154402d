"""Playing a run as a child of the caller's trace, event by event."""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context

from nsed.run import Run
from nsed.state.events import DeliberationEvent

__all__ = ["RunManager", "context_below", "played", "within"]

T = TypeVar("T")

RunManager = AsyncCallbackManagerForLLMRun | CallbackManagerForLLMRun

_NOSTREAM = "nostream"
"""LangGraph's tag: what is below is not part of a `messages` stream."""


def context_below(manager: RunManager | None, *, traced: bool) -> contextvars.Context:
    """The context in which the experts work.

    Args:
        manager: Of the chat model's run; None: nobody listens to it.
        traced: Whether their calls are reported to its callbacks, as child runs.
            False: to nobody, so that no callback counts their tokens a second time.
    """
    if not traced:
        return contextvars.Context()
    below: RunnableConfig = {"tags": [_NOSTREAM]}
    if manager is not None:
        callbacks = AsyncCallbackManager(handlers=[], parent_run_id=manager.run_id)
        callbacks.set_handlers(manager.inheritable_handlers)
        callbacks.add_tags(manager.inheritable_tags)
        callbacks.add_metadata(manager.inheritable_metadata)
        below["callbacks"] = callbacks
    with set_config_context(below) as context:
        return context.copy()


async def played(
    run: Run, context: contextvars.Context
) -> AsyncGenerator[DeliberationEvent, None]:
    """Play a run in a task of its own, and tell what happens.

    Whoever stops iterating gives the run up: calls in flight are dropped.

    Raises:
        NsedError: As `Run.events` does.
    """
    news: asyncio.Queue[DeliberationEvent | None] = asyncio.Queue()

    async def play() -> None:
        try:
            async for event in run.events():
                news.put_nowait(event)
        finally:
            news.put_nowait(None)

    task = asyncio.create_task(play(), context=context, name=f"nsed {run.run_id}")
    try:
        while (event := await news.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def within(context: contextvars.Context, work: Coroutine[Any, Any, T]) -> T:
    """Await something in a context."""
    task = asyncio.create_task(work, context=context)
    try:
        return await task
    finally:
        task.cancel()
        await asyncio.wait([task])
