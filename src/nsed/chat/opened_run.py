"""The chat model's own run, known before it begins.

`BaseChatModel.stream` and `astream` do not hand their run manager to the model. So it
is made first here, with the run's id, and passed on as an argument: what the experts
do then stands below the right run of a trace.
"""

from typing import TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    BaseCallbackManager,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.runnables import RunnableConfig, ensure_config
from langchain_core.utils.uuid import uuid7

__all__ = ["opened_async_run", "opened_run"]

M = TypeVar("M", CallbackManagerForLLMRun, AsyncCallbackManagerForLLMRun)


def opened_run(
    config: RunnableConfig | None,
) -> tuple[RunnableConfig, CallbackManagerForLLMRun]:
    """A configuration that fixes the run's id, and the manager of that run."""
    config = ensure_config(config)
    callbacks = CallbackManager.configure(config.get("callbacks"))
    return _opened(config, callbacks, CallbackManagerForLLMRun)


def opened_async_run(
    config: RunnableConfig | None,
) -> tuple[RunnableConfig, AsyncCallbackManagerForLLMRun]:
    """As `opened_run`, for `astream`."""
    config = ensure_config(config)
    callbacks = AsyncCallbackManager.configure(config.get("callbacks"))
    return _opened(config, callbacks, AsyncCallbackManagerForLLMRun)


def _opened(
    config: RunnableConfig, callbacks: BaseCallbackManager, kind: type[M]
) -> tuple[RunnableConfig, M]:
    run_id = config.get("run_id") or uuid7()
    config = {**config, "callbacks": callbacks, "run_id": run_id}
    manager = kind(
        run_id=run_id,
        handlers=callbacks.handlers,
        inheritable_handlers=callbacks.inheritable_handlers,
        parent_run_id=callbacks.parent_run_id,
        tags=[*callbacks.tags, *(config.get("tags") or ())],
        inheritable_tags=[*callbacks.inheritable_tags, *(config.get("tags") or ())],
        metadata={**callbacks.metadata, **(config.get("metadata") or {})},
        inheritable_metadata={
            **callbacks.inheritable_metadata,
            **(config.get("metadata") or {}),
        },
    )
    return config, manager
