"""How a run's graph is called: its thread, and what the caller passes on to it."""

from typing import Final, cast

from langchain_core.runnables import RunnableConfig

from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["RUN_ID", "run_settings"]

RUN_ID: Final = "nsed_run_id"
"""Key of the metadata that tells a run; everything in it has it, too."""

_KEPT: Final = (
    "callbacks",
    "max_concurrency",
    "metadata",
    "run_id",
    "run_name",
    "tags",
)
_OURS: Final = ("configurable", "recursion_limit")


def run_settings(
    given: RunnableConfig | None, run_id: str, rounds: int
) -> RunnableConfig:
    """Call the graph of a run as a child of what the caller has at work.

    Callbacks, tags, metadata, name and concurrency are the caller's; thread and
    recursion limit are the run's own, whatever surrounds it.

    Args:
        given: What the caller passes on; what surrounds the call is known anyway.
        run_id: The run's name, and its thread.
        rounds: Most rounds.

    Raises:
        ConfigError: A key is not one of LangChain's.
    """
    passed = given or {}
    known = (*_KEPT, *_OURS)
    for key in passed:
        if key not in known:
            raise ConfigError(
                f"runnable_config: unknown key {key!r}.{did_you_mean(key, known)} "
                f"There are: {', '.join(_KEPT)}"
            )
    kept = {key: passed.get(key) for key in _KEPT if passed.get(key) is not None}
    return cast(
        "RunnableConfig",
        {
            **kept,
            "metadata": {**(passed.get("metadata") or {}), RUN_ID: run_id},
            "configurable": {"thread_id": run_id},
            "recursion_limit": 8 * rounds + 16,
        },
    )
