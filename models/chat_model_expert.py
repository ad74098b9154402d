"""An expert behind any LangChain chat model."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from nsed.models.base import Reply, Request
from nsed.models.endpoint import Abilities
from nsed.models.failures import CallError, classify
from nsed.protocol.errors import ExpertError
from nsed.protocol.memory_text import token_estimate
from nsed.protocol.usage import Usage
from nsed.state.expert_config import BallotMethod, ExpertConfig

__all__ = ["LADDER_OPENAI", "LADDER_OTHER", "ChatModelExpert"]

LADDER_OPENAI: tuple[BallotMethod, ...] = ("json_schema", "tools", "json_mode", "text")
LADDER_OTHER: tuple[BallotMethod, ...] = ("tools", "text")

FORM_NAME = "ballot"


@dataclass(frozen=True)
class ChatModelExpert:
    """Asks a chat model, one wall-clock limit a call, within the endpoint's limit."""

    config: ExpertConfig
    model: BaseChatModel
    slot: Callable[[], AbstractAsyncContextManager[None]]
    """Gives a place at the endpoint."""
    abilities: Abilities
    ladder: Sequence[BallotMethod] = LADDER_OTHER
    """Ways of asking for JSON, best first."""
    output_limit: str = "max_tokens"
    """What a call names its output limit."""
    limit_field: str | None = None
    """The model's own field for it, set on a copy, where a call does not take it."""
    takes_seed: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Never to be quoted from what a provider says."""

    async def reply(self, request: Request) -> Reply:
        """Ask once.

        Raises:
            ExpertError: As a `CallError`, which says what is known of asking again.
        """
        method = self._method(request)
        model, options = self._prepared(request, method)
        turns = [(m.role, _sendable(m.content)) for m in request.messages]
        async with self.slot():
            started = time.monotonic()
            try:
                async with asyncio.timeout(request.timeout_s) as limit:
                    message: BaseMessage = await model.ainvoke(turns, **options)
            # Nothing but the provider's code runs in there: what it raises is its
            # failure, named by `classify`.
            except Exception as error:
                if limit.expired():
                    words = f"no answer within {request.timeout_s:g} s"
                    failure = CallError(
                        "timeout", words, method=method, may_be_billed=True
                    )
                else:
                    failure = self._failure(error, request, method)
                failure.latency_ms = _ms_since(started)
                raise failure from error
            latency_ms = _ms_since(started)
        if not isinstance(message, AIMessage):
            raise ExpertError("malformed", f"expected an AIMessage: {type(message)}")
        text = _sendable(_text(message, method))
        reason = message.response_metadata.get("finish_reason")
        return Reply(
            text=text,
            usage=_usage(message, request, text, self.config)
            + Usage(latency_ms=latency_ms),
            truncated=reason in ("length", "max_tokens"),
            method=method,
            first_token_ms=message.response_metadata.get("first_token_ms"),
        )

    def _method(self, request: Request) -> BallotMethod:
        if request.json_schema is None:
            return "text"
        if self.config.ballots != "auto":
            return self.config.ballots
        return self.abilities.best(self.config.endpoint, self.ladder)

    def _prepared(
        self, request: Request, method: BallotMethod
    ) -> tuple[Any, dict[str, Any]]:
        """The model, or what stands for it, and what to pass beside the turns."""
        # Whoever listens to the events of a run must not change how it asks.
        model: Any = self.model.model_copy(update={"disable_streaming": True})
        options: dict[str, Any] = {}
        if self.limit_field is None:
            options[self.output_limit] = request.max_output_tokens
        else:
            limit = {self.limit_field: request.max_output_tokens}
            model = model.model_copy(update=limit)
        if self.takes_seed:
            options["seed"] = request.seed
        schema = request.json_schema or {}
        if method == "json_schema":
            wanted = {"name": FORM_NAME, "strict": True, "schema": schema}
            format_ = {"type": "json_schema", "json_schema": wanted}
            options["extra_body"] = {"response_format": format_}
        elif method == "json_mode":
            options["extra_body"] = {"response_format": {"type": "json_object"}}
        elif method == "tools":
            tool = {**schema, "title": FORM_NAME, "description": "Your ballot."}
            try:
                model = model.bind_tools([tool], tool_choice=FORM_NAME)
            except Exception as error:  # also the provider's code, and says all it can
                refused = ExpertError("unsupported", f"it takes no tools: {error!r}")
                raise self._failure(refused, request, method) from error
        return model, options

    def _failure(
        self, error: Exception, request: Request, method: BallotMethod
    ) -> CallError:
        failure = classify(error, method=method, secrets=self.secrets)
        asked = request.json_schema is not None and self.config.ballots == "auto"
        if failure.kind == "unsupported" and asked:
            failure.lower_rung = self.abilities.refuse(
                self.config.endpoint, method, self.ladder
            )
        return failure


def _ms_since(started: float) -> int:
    return round(1000 * (time.monotonic() - started))


def _sendable(text: str) -> str:
    """Replace lone surrogates: no request or record that quotes one can be encoded."""
    return text.encode("utf-8", "replace").decode()


def _text(message: AIMessage, method: BallotMethod) -> str:
    if method == "tools" and message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"])
    if method == "tools" and message.invalid_tool_calls:  # left for repair
        return message.invalid_tool_calls[0]["args"] or ""
    return message.text


def _usage(
    message: AIMessage, request: Request, text: str, config: ExpertConfig
) -> Usage:
    """Reported usage, or an estimate labelled as one."""
    reported = message.usage_metadata
    if reported and (reported["input_tokens"] or reported["output_tokens"]):
        details = reported.get("input_token_details") or {}
        tokens = Usage(
            calls=1,
            input_tokens=reported["input_tokens"],
            cached_input_tokens=details.get("cache_read") or 0,
            output_tokens=reported["output_tokens"],
        )
    else:
        prompt = "".join(m.content for m in request.messages)
        tokens = Usage(
            calls=1,
            input_tokens=token_estimate(prompt),
            output_tokens=token_estimate(text),
            estimated_calls=1,
        )
    cost = config.prices.nano_usd(
        input_tokens=tokens.input_tokens,
        cached_input_tokens=tokens.cached_input_tokens,
        output_tokens=tokens.output_tokens,
    )
    return tokens + Usage(nano_usd=cost or 0, unpriced_calls=int(cost is None))
