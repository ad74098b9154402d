"""A step as LangGraph runs it: with its configuration, and on an event loop only."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable, iscoroutinefunction
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.runtime import Runtime, get_runtime

from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig

__all__ = ["ASYNC_ONLY", "Step"]

Update = dict[str, Any]

ASYNC_ONLY = (
    "the deliberation runs on an event loop, and was started by invoke, stream or "
    "batch. Use ainvoke, astream or abatch; from synchronous code use "
    "nsed.deliberate(task) or nsed.as_runnable().invoke(task), which have a loop of "
    "their own"
)


class Step(Runnable[Any, Update]):
    """Wraps a node `(state, runtime)`, and adds no run of its own to a trace.

    The configuration is the run's context. A run without one, as in a graph of the
    user's that has a context of another kind or none, has the one given here.
    """

    def __init__(
        self,
        node: Callable[[Any, Runtime[DeliberationConfig]], Update | Awaitable[Update]],
        config: DeliberationConfig | None = None,
    ) -> None:
        """Wrap a node, sync or async.

        Args:
            node: What to run.
            config: What holds where the run brings no configuration; None: all
                defaults, and a context of another kind is an error.
        """
        self.node = node
        self.config = config
        self._is_async = iscoroutinefunction(node) or iscoroutinefunction(
            getattr(node, "__call__", None)  # noqa: B004 - to look at, not to test
        )

    def invoke(
        self,
        input: Any,  # noqa: A002, ANN401 - LangChain's name
        config: RunnableConfig | None = None,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> Update:
        """Run a step that needs no loop.

        Raises:
            ConfigError: It needs one.
        """
        if self._is_async:
            raise ConfigError(ASYNC_ONLY)
        done = self.node(input, self._runtime())
        assert not isawaitable(done)  # noqa: S101 - see above
        return done

    async def ainvoke(
        self,
        input: Any,  # noqa: A002, ANN401 - LangChain's name
        config: RunnableConfig | None = None,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> Update:
        """Run the step."""
        done = self.node(input, self._runtime())
        return await done if isawaitable(done) else done

    def _runtime(self) -> Runtime[DeliberationConfig]:
        runtime: Runtime[Any] = get_runtime()
        given = runtime.context
        if isinstance(given, DeliberationConfig):
            return runtime
        if self.config is not None:
            return runtime.override(context=self.config)
        if given is None:
            return runtime.override(context=DeliberationConfig())
        if isinstance(given, Mapping):
            return runtime.override(context=DeliberationConfig.model_validate(given))
        raise ConfigError(
            "the deliberation got a context of the surrounding graph's own kind, "
            f"{type(given).__name__}, and no configuration; give it one: "
            "create_deliberation(config=DeliberationConfig(...))"
        )
