"""OpenTelemetry spans of deliberations, from LangChain's callbacks.

    deliberate(task, runnable_config={"callbacks": [OTelHandler()]})

No vendor: spans go where the application sends its spans. No texts, unless asked for.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from nsed.protocol.errors import ConfigError
from nsed.run_settings import RUN_ID

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from nsed.run_spans import RunSpans

__all__ = ["OTelHandler"]

_STATE = frozenset({"teams", "tallies", "memories"})
"""What the state of a deliberation has, and hardly any other one."""


@dataclass
class _Seen:
    """A run of LangChain's that has begun and not ended."""

    parent: UUID | None
    began_ns: int
    metadata: Mapping[str, Any]
    node: str = ""
    """The node whose task it is."""
    inputs: object = None
    """Of such a task."""
    spans: "RunSpans | None" = None
    """Of the deliberation that it is, or that it is a task or a call of."""
    is_call: bool = False


class OTelHandler(BaseCallbackHandler):
    """A callback handler that makes spans: run, round, phase, model call.

    One handler serves any number of runs at the same time. Deliberations inside of a
    user's chains and graphs are found; other runs make no spans. A run's span is a
    child of the span that is current where it begins.
    """

    run_inline = True  # without a thread for every event
    ignore_llm = True
    ignore_chat_model = True
    ignore_retriever = True
    ignore_agent = True

    def __init__(
        self, tracer_provider: "TracerProvider | None" = None, *, texts: bool = False
    ) -> None:
        """Make a handler.

        Args:
            tracer_provider: Where spans go; by default the application's global one.
            texts: Whether spans hold prompts, answers and error messages. They may
                hold personal data, and are long.

        Raises:
            ConfigError: OpenTelemetry is not installed.
        """
        try:
            from opentelemetry import trace  # noqa: PLC0415 - an extra

            from nsed.run_spans import RunSpans  # noqa: PLC0415 - needs it, too
        except ImportError as error:
            raise ConfigError("spans need: pip install 'nsed[otel]'") from error
        self._tracer = trace.get_tracer("nsed", tracer_provider=tracer_provider)
        self._spans = RunSpans
        self._texts = texts
        self._seen: dict[UUID, _Seen] = {}

    def on_chain_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        inputs: Any,  # noqa: ANN401 - LangChain's
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,  # noqa: ARG002
        metadata: dict[str, Any] | None = None,
        **more: Any,  # noqa: ANN401
    ) -> None:
        """A chain, a graph, a task of it or a call of ours has begun."""
        facts = metadata or {}
        one = _Seen(parent_run_id, time.time_ns(), facts)
        above = self._seen.get(parent_run_id) if parent_run_id else None
        self._seen[run_id] = one
        known = above.metadata if above else {}
        if RUN_ID in facts and known.get(RUN_ID) != facts[RUN_ID]:
            self._recognise(one)
        elif above is None or above.is_call:
            return
        elif more.get("name") == facts.get("langgraph_node") and not above.node:
            one.node, one.inputs = str(more["name"]), inputs
            if (
                above.spans is None
                and isinstance(inputs, dict)
                and inputs.keys() >= _STATE
            ):
                self._recognise(above)
            if above.spans is not None:
                self._step(one, above.spans)
        elif "nsed_role" in facts and above.node:
            self._call(run_id, one, above, inputs)

    def on_chain_end(
        self,
        outputs: Any,  # noqa: ANN401 - LangChain's
        *,
        run_id: UUID,
        **_: Any,  # noqa: ANN401
    ) -> None:
        """It has ended well."""
        one = self._seen.pop(run_id, None)
        if one is None or one.spans is None:
            return
        if one.is_call:
            one.spans.call_answered(run_id, outputs, time.time_ns())
        elif one.node:
            one.spans.step_ended(one.node, outputs)
        else:
            one.spans.ended(time.time_ns())

    def on_chain_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        **_: Any,  # noqa: ANN401
    ) -> None:
        """It has failed, or was cut off; a task that waits for the user has neither."""
        one = self._seen.pop(run_id, None)
        if one is None or one.spans is None:
            return
        if one.is_call:
            one.spans.call_failed(run_id, error, time.time_ns())
        elif not one.node:
            one.spans.ended(time.time_ns(), error)

    def _recognise(self, graph: _Seen) -> None:
        """A run is a deliberation: its span begins when it did."""
        graph.spans = self._spans(
            self._tracer,
            graph.metadata.get(RUN_ID),
            graph.began_ns,
            texts=self._texts,
        )

    @staticmethod
    def _step(task: _Seen, spans: "RunSpans") -> None:
        task.spans = spans
        spans.step_began(task.node, task.inputs, task.began_ns)

    def _call(self, run_id: UUID, call: _Seen, task: _Seen, inputs: object) -> None:
        if task.spans is None:  # taken up in the middle of a phase
            graph = self._seen.get(task.parent) if task.parent else None
            if graph is None:
                return
            if graph.spans is None:
                self._recognise(graph)
            if graph.spans is not None:
                self._step(task, graph.spans)
        if task.spans is not None:
            call.spans, call.is_call = task.spans, True
            task.spans.call_began(run_id, call.metadata, inputs, call.began_ns)
