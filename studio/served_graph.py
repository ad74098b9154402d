"""A graph as the Agent Server runs it: strict where the server by itself is not."""

from collections.abc import Mapping
from typing import Any, Self

from langgraph.graph.state import CompiledStateGraph
from langgraph_sdk.runtime import ServerRuntime

from nsed.graphs.deliberation import Deliberation
from nsed.protocol.errors import ConfigError, did_you_mean
from nsed.state.context import DeliberationConfig
from nsed.state.schema import (
    DeliberationInput,
    DeliberationOutput,
    DeliberationState,
)

__all__ = ["ServedGraph", "served"]


class ServedGraph(
    CompiledStateGraph[
        DeliberationState, DeliberationConfig, DeliberationInput, DeliberationOutput
    ]
):
    """A compiled graph whose copies may revive its own records from a checkpoint.

    The server runs a copy that has its checkpointer. A plain copy forgets which types
    the graph was compiled with (langgraph 1.2), so that a strict checkpointer gives
    its nodes plain data, and no run can be resumed.
    """

    def copy(self, update: dict[str, Any] | None = None) -> Self:
        """Copy it, and what may be revived."""
        made = super().copy(update)
        made._serde_allowlist = self._serde_allowlist  # noqa: SLF001 - of its own kind
        return made

    def checked(self, runtime: ServerRuntime[Any]) -> Self:
        """Refuse a context that the server would otherwise use in part.

        Args:
            runtime: What the server gives a factory: in a run with its context.

        Raises:
            ConfigError: It has a key that is no knob; the server drops such keys.
        """
        running = runtime.execution_runtime
        given: object = running.context if running else None
        if isinstance(given, Mapping):
            known = tuple(DeliberationConfig.model_fields)
            problems = [
                f"context: there is no knob {str(key)[:40]!r}."
                f"{did_you_mean(str(key), known)}"
                for key in given
                if key not in known
            ]
            if problems:
                raise ConfigError("\n".join(problems))
        return self


def served(
    graph: Deliberation,
    name: str,
    *,
    context_schema: type[DeliberationConfig] = DeliberationConfig,
) -> ServedGraph:
    """Compile a graph for the server, which brings checkpointer and store itself.

    Args:
        graph: Uncompiled.
        name: By which the server knows it.
        context_schema: Its knobs and their defaults.
    """
    graph.context_schema = context_schema
    compiled = graph.compile(name=name)
    attributes = {k: v for k, v in vars(compiled).items() if k != "__orig_class__"}
    made = ServedGraph(**attributes)
    made._serde_allowlist = compiled._serde_allowlist  # noqa: SLF001 - as in `copy`
    return made
