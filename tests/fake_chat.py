"""A chat model that is a function, and the expert in front of it."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from nsed.models.chat_model_expert import ChatModelExpert
from nsed.models.endpoint import Abilities
from nsed.state.expert_config import ExpertConfig

__all__ = ["CONFIG", "Fake", "Patient", "expert", "raises", "says"]

CONFIG = ExpertConfig(name="ada", model="x")


class Fake(BaseChatModel):
    """Calls a function with the messages and keyword arguments it was given."""

    does: Callable[..., Any]
    tool_names: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "fake"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(
        self, messages: list[BaseMessage], *_: Any, **more: Any
    ) -> ChatResult:
        reply = self.does(messages, **more)
        message = await reply if asyncio.iscoroutine(reply) else reply
        return ChatResult(generations=[ChatGeneration(message=message)])

    def bind_tools(self, tools: Any, **more: Any) -> Any:
        self.tool_names.extend(tool["title"] for tool in tools)
        return self.bind(tool_choice=more["tool_choice"])


class Patient(Fake):
    """Made by class name: takes its time at first, says one thing, or fails."""

    does: Callable[..., Any] = lambda: None
    says: str = "8"
    asked: int = 0

    async def _agenerate(self, *_: Any, **__: Any) -> ChatResult:
        self.asked += 1
        if self.says == "fail":
            raise RuntimeError("down")
        await asyncio.sleep(0.2 if self.asked == 1 else 0)
        message = AIMessage(self.says)
        return ChatResult(generations=[ChatGeneration(message=message)])


def expert(does: Callable[..., Any] | BaseChatModel, **more: Any) -> ChatModelExpert:
    model = does if isinstance(does, BaseChatModel) else Fake(does=does)
    settings = {"config": CONFIG, "slot": nullcontext, "abilities": Abilities(), **more}
    return ChatModelExpert(model=model, **settings)


def says(content: str, **more: Any) -> Callable[..., AIMessage]:
    return lambda *_, **__: AIMessage(content, **more)


def raises(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail
