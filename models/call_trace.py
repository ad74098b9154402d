"""Calls as traces see them: one run each, named after role, expert and round."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables import RunnableConfig, RunnableLambda, ensure_config

from nsed.models.base import Reply, Request
from nsed.state.expert_config import ExpertConfig

__all__ = ["ROLES", "call_metadata", "traced"]

ROLES: Final = {"propose": "proposer", "review": "reviewer"}
"""What an expert is in a phase."""


def call_metadata(config: ExpertConfig, request: Request) -> dict[str, Any]:
    """What a trace says of a call and of everything in it. No texts."""
    return {
        "nsed_round": request.round,
        "nsed_phase": request.phase,
        "nsed_expert": config.name,
        "nsed_role": ROLES.get(request.phase, "synthesizer"),
    }


async def traced(
    config: ExpertConfig,
    request: Request,
    call: Callable[[], Awaitable[Reply]],
    *,
    replica: bool = False,
) -> Reply:
    """Make a call, as a run of its own if anybody listens.

    The run is a child of the node's. Its failure is the call's, a cut-off included,
    and so is an answer that could not be used. The model's own run, if the expert is
    a LangChain model, stands below it and has the same metadata.

    Args:
        config: Whom the call asks.
        request: What it asks.
        call: Makes it.
        replica: Whether it goes to the expert's second endpoint.
    """
    if not _heard(ensure_config().get("callbacks")):
        return await call()
    found: list[Reply] = []

    async def run(_: dict[str, Any]) -> dict[str, Any]:
        found.append(await call())
        return _outputs(found[0])

    metadata = call_metadata(config, request)
    role = metadata["nsed_role"]
    asked: RunnableConfig = {
        "run_name": f"{role} {config.name}, round {request.round}",
        "metadata": {
            **metadata,
            "nsed_provider": config.provider,
            "nsed_model": config.model or config.model_class or config.provider,
            "nsed_max_tokens": request.max_output_tokens,
            "nsed_replica": replica,
        },
    }
    await RunnableLambda(run).ainvoke(_inputs(request), asked)
    return found[0]


def _heard(callbacks: object) -> bool:
    if isinstance(callbacks, BaseCallbackManager):
        return bool(callbacks.handlers)
    return bool(callbacks)


def _inputs(request: Request) -> dict[str, Any]:
    turns = [{"role": m.role, "content": m.content} for m in request.messages]
    return {"messages": turns}


def _outputs(reply: Reply) -> dict[str, Any]:
    used = reply.usage
    return {
        "text": reply.text,
        "method": reply.method,
        "truncated": reply.truncated,
        "cached": reply.cached,
        "first_token_ms": reply.first_token_ms,
        "input_tokens": used.input_tokens,
        "cached_input_tokens": used.cached_input_tokens,
        "output_tokens": used.output_tokens,
        "estimated": bool(used.estimated_calls),
        "usd": used.usd,
    }
