"""Structuring: what to ask an expert so that an answer comes back as a JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from nsed.models.base import Message, Request
from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import fill
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord

__all__ = ["structure_request"]

_ANY_OBJECT: Mapping[str, Any] = {"type": "object"}


def structure_request(
    record: RunRecord,
    schema: Mapping[str, Any] | None,
    *,
    expert: str,
    config: DeliberationConfig,
) -> Request:
    """Write the prompt: the task, the answer that was chosen, fenced, and the form.

    Args:
        record: Of a run that has an answer.
        schema: JSON schema of the form; None: any JSON object.
        expert: Whom it is for.
        config: What the run was played with.
    """
    verdict = record.verdict
    work = frame(
        "candidate",
        [("chosen answer", verdict.text)],
        call=f"{config.seed}.r{verdict.rounds}.structure.{expert}",
        chars=config.peer_text_chars,
    )
    form = ""
    if schema is not None:
        form = (
            f"It must fit this JSON schema:\n{json.dumps(schema, ensure_ascii=False)}"
        )
    limit = config.expert(expert).answer_tokens or config.answer_tokens
    prompt = fill("structure", task=record.task, work=work, schema=form)
    return Request(
        messages=(Message("system", fill("system")), Message("user", prompt)),
        max_output_tokens=min(config.answer_tokens, limit),
        timeout_s=config.call_timeout_s,
        phase="synthesize",
        round=max(1, verdict.rounds),
        seed=config.seed,
        json_schema=_ANY_OBJECT if schema is None else schema,
    )
