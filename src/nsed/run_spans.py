"""The spans of one run: it, its rounds, their phases, and the calls in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from opentelemetry import context as otel_context
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    set_span_in_context,
)

from nsed.protocol.errors import ExpertError
from nsed.protocol.usage import total_usage
from nsed.span_attributes import (
    Attributes,
    answer_attributes,
    call_attributes,
    reply_attributes,
    usage_attributes,
    verdict_attributes,
)
from nsed.state.records import CallRecord

__all__ = ["PHASES", "RunSpans"]

PHASES: Final[Mapping[str, str]] = {
    "proposer": "propose",
    "peer_review": "review",
    "synthesizer": "synthesize",
}
"""What is played, by the node that plays it."""

_OUTSIDE: Final = frozenset({"broker", "synthesizer", "verdict"})
"""Nodes that no round is open before."""


@dataclass(eq=False)
class _Open:
    """A span that has not ended, and what it adds up."""

    span: Span
    calls: list[CallRecord] = field(default_factory=list)
    absent: int = 0

    def end(self, at_ns: int) -> None:
        usage = total_usage(call.usage for call in self.calls)
        self.span.set_attributes(
            {**usage_attributes(usage), "nsed.absences": self.absent}
        )
        self.span.end(at_ns)


class RunSpans:
    """Opens and closes the spans of one run, as its steps begin and end.

    Steps follow one another; only the tasks of a phase, and the calls in them, are at
    work at the same time. Times are Unix nanoseconds.
    """

    def __init__(
        self, tracer: Tracer, run_id: str | None, at_ns: int, *, texts: bool
    ) -> None:
        """Open the run's span, as a child of the span that is current."""
        self._tracer, self._texts = tracer, texts
        self._common: Attributes = {"nsed.run_id": run_id} if run_id else {}
        named = {
            "gen_ai.operation.name": "invoke_workflow",
            "gen_ai.workflow.name": "nsed",
        }
        self._run = tracer.start_span(
            "invoke_workflow nsed",
            context=otel_context.get_current(),
            attributes={**named, **self._common},
            start_time=at_ns,
        )
        self._round: _Open | None = None
        self._phase: _Open | None = None
        self._phase_node = ""
        self._began_ns = 0
        self._calls: dict[UUID, Span] = {}

    def step_began(self, node: str, inputs: object, at_ns: int) -> None:
        """A node's task began; of a phase, any of its tasks."""
        if node == self._phase_node:
            return
        self._end_phase(at_ns)
        if node in _OUTSIDE:
            self._end_round(at_ns)
        elif self._round is None and isinstance(inputs, dict):  # taken up again
            self._begin_round(inputs.get("round"), at_ns)
        self._began_ns = at_ns
        self._phase_node = node if node in PHASES else ""

    def step_ended(self, node: str, outputs: object) -> None:
        """A node's task ended well."""
        left: Mapping[str, Any] = outputs if isinstance(outputs, dict) else {}
        if node == "broker":
            self._begin_round(left.get("round"), self._began_ns)
        for open_ in (self._round, self._phase):
            if open_ is not None:
                open_.calls += left.get("calls", {}).values()
                open_.absent += len(left.get("absences", {}))
        for tally in left.get("tallies", {}).values():
            if self._round is not None:
                self._round.span.set_attribute("nsed.conviction", tally.conviction)
        verdict = left.get("verdict")
        if verdict is not None:
            self._run.set_attributes(verdict_attributes(verdict))
            if self._texts:
                self._run.set_attribute("nsed.answer", verdict.answer)

    def call_began(
        self, id_: UUID, metadata: Mapping[str, Any], inputs: object, at_ns: int
    ) -> None:
        """A model is asked."""
        if self._phase is None:
            name = PHASES.get(self._phase_node, "call")
            number = {"nsed.round": metadata["nsed_round"], "nsed.phase": name}
            above = self._round.span if self._round else self._run
            self._phase = self._opened(name, above, self._began_ns, number)
        attributes = {**call_attributes(metadata), **self._common}
        if self._texts and isinstance(inputs, dict):
            attributes |= answer_attributes(inputs, None)
        self._calls[id_] = self._tracer.start_span(
            f"chat {metadata['nsed_model']}",
            context=set_span_in_context(self._phase.span),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=at_ns,
        )

    def call_answered(self, id_: UUID, outputs: Mapping[str, Any], at_ns: int) -> None:
        """A model has answered, and its answer can be used."""
        span = self._calls.pop(id_, None)
        if span is None:  # the run has ended before it
            return
        span.set_attributes(reply_attributes(outputs))
        if self._texts:
            span.set_attributes(answer_attributes(None, outputs))
        span.end(at_ns)

    def call_failed(self, id_: UUID, error: BaseException, at_ns: int) -> None:
        """A model gave nothing usable, or was cut off."""
        span = self._calls.pop(id_, None)
        if span is None:
            return
        self._fail(span, error)
        span.end(at_ns)

    def ended(self, at_ns: int, error: BaseException | None = None) -> None:
        """The run has ended, or stopped to wait for the user."""
        for span in self._calls.values():  # none, if everybody reports
            span.end(at_ns)
        self._calls.clear()
        self._end_phase(at_ns)
        self._end_round(at_ns)
        if error is not None:
            self._fail(self._run, error)
        self._run.end(at_ns)

    def _opened(
        self, name: str, above: Span, at_ns: int, attributes: Attributes
    ) -> _Open:
        return _Open(
            self._tracer.start_span(
                name,
                context=set_span_in_context(above),
                attributes={**attributes, **self._common},
                start_time=at_ns,
            )
        )

    def _begin_round(self, number: object, at_ns: int) -> None:
        """Open the span of a round, if one is played."""
        if isinstance(number, int):
            facts = {"nsed.round": number}
            self._round = self._opened(f"round {number}", self._run, at_ns, facts)

    def _end_phase(self, at_ns: int) -> None:
        if self._phase is not None:
            self._phase.end(at_ns)
        self._phase, self._phase_node = None, ""

    def _end_round(self, at_ns: int) -> None:
        if self._round is not None:
            self._round.end(at_ns)
        self._round = None

    def _fail(self, span: Span, error: BaseException) -> None:
        kind = error.kind if isinstance(error, ExpertError) else type(error).__name__
        span.set_attribute("error.type", kind)
        words = str(error) if self._texts else kind
        span.set_status(Status(StatusCode.ERROR, words))
