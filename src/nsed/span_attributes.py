"""What spans say: OpenTelemetry's words for generative AI, and ours beside them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from nsed.protocol.usage import Usage
from nsed.state.records import Verdict

__all__ = [
    "Attributes",
    "answer_attributes",
    "call_attributes",
    "reply_attributes",
    "usage_attributes",
    "verdict_attributes",
]

Attributes = dict[str, Any]

_PROVIDERS: Final[Mapping[str, str]] = {"openai": "openai"}
"""Names that the semantic conventions know; others are given as `nsed.<provider>`."""


def call_attributes(metadata: Mapping[str, Any]) -> Attributes:
    """Of a call when it begins, from what its run's metadata says."""
    provider = metadata["nsed_provider"]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(provider, f"nsed.{provider}"),
        "gen_ai.request.model": metadata["nsed_model"],
        "gen_ai.request.max_tokens": metadata["nsed_max_tokens"],
        "nsed.round": metadata["nsed_round"],
        "nsed.phase": metadata["nsed_phase"],
        "nsed.expert": metadata["nsed_expert"],
        "nsed.role": metadata["nsed_role"],
        "nsed.replica": metadata["nsed_replica"],
    }


def reply_attributes(outputs: Mapping[str, Any]) -> Attributes:
    """Of a call that was answered. An unknown price is left out; it is not 0."""
    finish = "length" if outputs["truncated"] else "stop"
    found: Attributes = {
        "gen_ai.usage.input_tokens": outputs["input_tokens"],
        "gen_ai.usage.output_tokens": outputs["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": outputs["cached_input_tokens"],
        "gen_ai.response.finish_reasons": [finish],
        "nsed.usage_estimated": outputs["estimated"],
        "nsed.cached": outputs["cached"],
    }
    if outputs["usd"] is not None:
        found["nsed.cost_usd"] = outputs["usd"]
    if outputs["first_token_ms"] is not None:
        found["nsed.first_token_ms"] = outputs["first_token_ms"]
    return found


def usage_attributes(usage: Usage) -> Attributes:
    """Of several calls. An unknown price is left out; it is not 0."""
    found: Attributes = {
        "nsed.calls": usage.calls,
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
    }
    if usage.usd is not None:
        found["nsed.cost_usd"] = usage.usd
    return found


def verdict_attributes(verdict: Verdict) -> Attributes:
    """Of a run that came to a verdict."""
    return {
        **usage_attributes(verdict.usage),
        "nsed.status": verdict.status,
        "nsed.stop_reason": str(verdict.stop_reason),
        "nsed.rounds": verdict.rounds,
        "nsed.conviction": verdict.conviction,
        "nsed.absences": len(verdict.absences),
    }


def answer_attributes(
    inputs: Mapping[str, Any] | None, outputs: Mapping[str, Any] | None
) -> Attributes:
    """The texts of a call, as the semantic conventions have them."""
    found: Attributes = {}
    if inputs is not None:
        found["gen_ai.input.messages"] = json.dumps(
            [_message(m["role"], m["content"]) for m in inputs["messages"]]
        )
    if outputs is not None:
        found["gen_ai.output.messages"] = json.dumps(
            [_message("assistant", outputs["text"])]
        )
    return found


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
