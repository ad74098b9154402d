"""How a run's graph is called: its thread, and what the caller passes on to it."""

from typing import Final, cast

from langchain_core.runnables import RunnableConfig

from nsed.protocol.errors import ConfigError, did_you_mean

__all__ = ["OWN", "RUN_ID", "run_settings"]

RUN_ID: Final = "nsed_run_id"
"""Key of the metadata that tells a run; everything in it has it, too."""

OWN: Final = ("configurable", "recursion_limit")
"""Keys that are the run's own."""

_KEPT: Final = (
    "callbacks",
    "max_concurrency",
    "metadata",
    "run_id",
    "run_name",
    "tags",
)


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
        ConfigError: A key is not one of LangChain's, or is the run's own.
    """
    passed = given or {}
    for key in passed:
        if key in OWN:
            raise ConfigError(
                f"runnable_config: {key} is the run's own; give knobs as a "
                "DeliberationConfig, and run_id= to Run for its name"
            )
        if key not in _KEPT:
            raise ConfigError(
                f"runnable_config: unknown key {key!r}.{did_you_mean(key, _KEPT)} "
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
