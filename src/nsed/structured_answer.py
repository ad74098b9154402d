"""The answer of a run as a JSON object of a given form, asked for once more if need be.

Used by `ChatNSED.with_structured_output` and by the OpenAI-compatible
`response_format` (docs/decisions/0024).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from pydantic import RootModel, model_validator

from nsed.answer_form import AnswerForm, answer_form
from nsed.models.asking import ask
from nsed.models.attempt import Attempt
from nsed.models.base import Reply
from nsed.models.structured_reply import read_object
from nsed.models.time_limit import TimeLimit
from nsed.nodes.asked import charged, seconds_left, worst_cases
from nsed.nodes.hiring import Hiring
from nsed.nodes.structuring import structure_request
from nsed.protocol.errors import ExpertError, StructureError
from nsed.protocol.ledger import allot
from nsed.protocol.usage import Usage, total_usage
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import BallotMethod, ExpertConfig
from nsed.state.run_record import RunRecord
from nsed.state.schema import DeliberationState

__all__ = ["StructuredAnswer", "structured"]

_FENCED = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class StructuredAnswer:
    """What `structured` came to."""

    value: Any
    """What the form makes of it: an instance of the pydantic class, else a dict; None
    where it could not be had, see `problem`."""
    text: str
    """The object as JSON text; where there is none, what was written last."""
    usage: Usage
    """Of the calls that were made for it. They are not in the record: add them."""
    reasked: bool
    """Whether an expert was asked once more."""
    asked: str = ""
    """Which one."""
    problem: str = ""
    """Why there is no value; empty where there is one."""

    def required(self) -> Any:  # noqa: ANN401 - whatever the form makes
        """The value.

        Raises:
            StructureError: There is none.
        """
        if self.problem:
            raise StructureError(self.problem, text=self.text)
        return self.value


async def structured(
    record: RunRecord,
    schema: type | Mapping[str, Any] | AnswerForm | None,
    *,
    hire: Hiring,
    config: DeliberationConfig | None = None,
) -> StructuredAnswer:
    """Read a run's answer as an object of a form, or have it put into that form.

    An answer that is such an object already is taken as it is. Otherwise the
    synthesizer, or else the author of the winning proposal, is asked once to write
    that answer as one, within what the run's caps and deadline leave.

    Args:
        record: Of a run that has an answer.
        schema: A pydantic class, a TypedDict class, a JSON schema, or a form made of
            one; None: any JSON object.
        hire: Makes experts.
        config: What the run was played with; by default what the record says.

    Returns:
        The value, or the problem; and in both cases what it cost.

    Raises:
        ConfigError: The schema cannot be used.
    """
    form = schema if isinstance(schema, AnswerForm) else answer_form(schema)
    config = config or record.context
    if record.verdict.status == "failed":
        return StructuredAnswer(
            None, "", Usage(), reasked=False, problem="the run has no answer"
        )
    found = _as_it_is(record, form)
    if found is not None:
        return found
    name = config.synthesizer or record.proposals[record.verdict.proposal].expert
    return await _asked_again(record, form, name, hire, config)


def _as_it_is(record: RunRecord, form: AnswerForm) -> StructuredAnswer | None:
    """The answer, if somebody wrote an object of the form: whole, or in a fence."""
    text = record.verdict.text
    for part in (text, *reversed(_FENCED.findall(text)), record.verdict.answer):
        try:
            found = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            try:
                value = form.read(found)
            except (ValueError, RecursionError):
                continue
            return StructuredAnswer(value, _json(found), Usage(), reasked=False)
    return None


async def _asked_again(
    record: RunRecord,
    form: AnswerForm,
    name: str,
    hire: Hiring,
    config: DeliberationConfig,
) -> StructuredAnswer:
    request = structure_request(record, form.enforced, expert=name, config=config)
    state = cast(
        "DeliberationState",
        {
            "started_at": record.started_at,
            "calls": record.calls,
            "pauses": record.pauses,
        },
    )
    wishes = {name: worst_cases(request, name, config)}
    left = allot(config.caps, charged(state), wishes)[name]
    made: list[Attempt] = []
    unasked = f"{name} could not be asked to put the answer into the form"
    problem = f"{unasked}: its worst case does not fit under the caps of the run"
    for rung in _rungs(config.expert(name), form):
        limit = _limit(state, config)
        if limit.left_s == 0:
            problem = f"{unasked}: {limit.why}"
            break
        if left <= len(made):
            break
        outcome = await ask(
            hire(config.expert(name).model_copy(update={"ballots": rung})),
            request,
            partial(_written, form=form, name=name),
            attempts=left - len(made),
            retries=config.retries,
            retry_wait_s=config.retry_wait_s,
            limit=limit,
        )
        made += outcome.attempts
        if outcome.value is not None:
            return replace(outcome.value, usage=_spent(made))
        problem = f"{name} could not put the answer into the form: {outcome.failure}"
        if outcome.failure is None or outcome.failure.kind != "unsupported":
            break
    return StructuredAnswer(
        None,
        record.verdict.text,
        _spent(made),
        reasked=bool(made),
        asked=name if made else "",
        problem=problem,
    )


def _written(reply: Reply, *, form: AnswerForm, name: str) -> StructuredAnswer:
    """Read what came back. A reply of no use is a problem, and no reason to go on."""

    class Fitting(RootModel[dict[str, Any]]):
        @model_validator(mode="after")
        def _fits(self) -> "Fitting":
            form.read(self.root)
            return self

    try:
        found, repaired = read_object(reply.text, Fitting)
    except ExpertError as error:
        problem = str(error).replace("object: Value error, ", "")
    else:
        if not (reply.truncated and repaired):
            return StructuredAnswer(
                form.read(found.root),
                _json(found.root),
                reply.usage,
                reasked=True,
                asked=name,
            )
        problem = "it was cut off by the limit on output; raise answer_tokens"
    return StructuredAnswer(
        None,
        reply.text,
        reply.usage,
        reasked=True,
        asked=name,
        problem=f"{name} was asked to put the answer into the form and did not: "
        f"{problem}",
    )


def _rungs(expert: ExpertConfig, form: AnswerForm) -> tuple[BallotMethod, ...]:
    """Ways of asking for JSON, best first.

    A schema that a server refuses says nothing of its ballots, so the expert is hired
    with one way at a time, and what `auto` has learned of its endpoint stays.
    """
    first: BallotMethod = "tools"
    if expert.ballots != "auto":
        first = expert.ballots
    elif expert.provider in ("openai", "embedded", "scripted"):
        first = "json_schema" if form.schema is not None else "json_mode"
    return (first,) if first == "text" else (first, "text")


def _limit(state: DeliberationState, config: DeliberationConfig) -> TimeLimit:
    allowed_s = config.phase_timeout_s("synthesize")
    left_s = seconds_left(state, config)
    if left_s is not None and left_s <= allowed_s:
        return TimeLimit.after(left_s, "the deadline of the run was reached")
    return TimeLimit.after(allowed_s, f"no answer within {allowed_s:g} s")


def _spent(made: list[Attempt]) -> Usage:
    return total_usage(attempt.usage for attempt in made)


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False)
