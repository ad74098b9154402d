"""An expert behind any LangChain chat model."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from nsed.models.base import Reply, Request
from nsed.models.endpoint import Abilities
from nsed.models.failures import classify
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
    """What the model calls its output limit."""
    takes_seed: bool = False

    async def reply(self, request: Request) -> Reply:
        """Ask once."""
        method = self._method(request)
        async with self.slot():
            started = time.monotonic()
            try:
                async with asyncio.timeout(request.timeout_s):
                    message = await self._invoke(request, method)
            # Whatever a provider's code raises is its failure, named by `classify`.
            except Exception as error:
                failure = classify(error)
                if failure.kind == "unsupported" and request.json_schema:
                    self.abilities.refuse(self.config.endpoint, method)
                raise failure from error
            latency_ms = round(1000 * (time.monotonic() - started))
        text = _text(message, method)
        reason = message.response_metadata.get("finish_reason")
        return Reply(
            text=text,
            usage=_usage(message, request, text, self.config)
            + Usage(latency_ms=latency_ms),
            truncated=reason in ("length", "max_tokens"),
            method=method,
        )

    def _method(self, request: Request) -> BallotMethod:
        if request.json_schema is None:
            return "text"
        if self.config.ballots != "auto":
            return self.config.ballots
        return self.abilities.best(self.config.endpoint, self.ladder)

    async def _invoke(self, request: Request, method: BallotMethod) -> AIMessage:
        turns = [(m.role, m.content) for m in request.messages]
        options: dict[str, Any] = {self.output_limit: request.max_output_tokens}
        if self.takes_seed:
            options["seed"] = request.seed
        model: Any = self.model
        schema = request.json_schema
        if method == "json_schema":
            wanted = {"name": FORM_NAME, "strict": True, "schema": schema}
            format_ = {"type": "json_schema", "json_schema": wanted}
            options["extra_body"] = {"response_format": format_}
        elif method == "json_mode":
            options["extra_body"] = {"response_format": {"type": "json_object"}}
        elif method == "tools":
            tool = {"title": FORM_NAME, "description": "Your ballot.", **(schema or {})}
            try:
                model = model.bind_tools([tool], tool_choice=FORM_NAME)
            except NotImplementedError as error:
                raise ExpertError("unsupported", "the model takes no tools") from error
        message: BaseMessage = await model.ainvoke(turns, **options)
        if not isinstance(message, AIMessage):
            raise ExpertError("malformed", f"expected an AIMessage: {type(message)}")
        return message


def _text(message: AIMessage, method: BallotMethod) -> str:
    if method == "tools" and message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"])
    return message.text


def _usage(
    message: AIMessage, request: Request, text: str, config: ExpertConfig
) -> Usage:
    """Reported usage, or an estimate labelled as one."""
    reported = message.usage_metadata
    if reported:
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
