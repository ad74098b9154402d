"""LangChain's OpenAI chat models with a shorter way through the client.

They build the same request and read the same reply with langchain-openai's own code;
what is left out between is the client's typed models, which are built only to be
taken apart again, and a thread per call. That saves a quarter of a call's CPU time
(benchmarks/call_overhead.py). Callbacks and tracing work as ever.
"""

import json
from math import inf
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI

from nsed.protocol.errors import ExpertError

__all__ = ["CompatibleChat", "OpenAIChat"]


class _Short(BaseChatOpenAI):
    """Posts the request and reads the reply as plain JSON."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> ChatResult:
        body = self._get_request_payload(messages, stop=stop, **kwargs)
        body |= body.pop("extra_body", None) or {}
        answer = await self.root_async_client.post(
            "/chat/completions", cast_to=bytes, body=body
        )
        reply = _checked(answer)
        result = self._create_chat_result(reply)
        if (first := _first_token_ms(reply)) is not None and result.llm_output:
            result.llm_output["first_token_ms"] = first
        return result


class CompatibleChat(_Short):
    """Any server that imitates OpenAI's."""


class OpenAIChat(_Short, ChatOpenAI):
    """OpenAI's own."""


def _checked(body: bytes) -> dict[str, Any]:
    """The reply's JSON, if it is one, in good UTF-8."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ExpertError("server_error", f"the body is not JSON: {error}") from error
    if not isinstance(reply, dict) or reply.get("error"):
        raise ExpertError("server_error", f"no chat completion: {str(reply)[:200]}")
    if not reply.get("choices"):
        raise ExpertError("empty", "the reply holds no choice")
    if not _is_message(reply["choices"]):
        said = str(reply["choices"])[:200]
        raise ExpertError("server_error", f"no message in the first choice: {said}")
    return reply


def _is_message(choices: object) -> bool:
    first = choices[0] if isinstance(choices, list) else None
    return isinstance(first, dict) and isinstance(first.get("message"), dict)


def _first_token_ms(reply: dict[str, Any]) -> int | None:
    """How long the prompt took, where the server tells: llama.cpp's do."""
    timings = reply.get("timings")
    took = timings.get("prompt_ms") if isinstance(timings, dict) else None
    return round(took) if isinstance(took, int | float) and 0 <= took < inf else None
