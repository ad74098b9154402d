"""A chat model that is one asynchronous stream of chunks: all else is made of it."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig
from langchain_core.tracers._streaming import _StreamingCallbackHandler

from nsed.chat.bridge import in_a_thread
from nsed.chat.opened_run import opened_async_run, opened_run
from nsed.chat.play import RunManager

__all__ = ["StreamedChatModel"]


class StreamedChatModel(BaseChatModel):
    """Knows the run it is in, also when it streams, and answers from any thread."""

    streaming: bool = False
    """Whether `invoke` tells callbacks of chunks, as `stream` does."""

    @abstractmethod
    def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: RunManager | None,
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Answer; the last chunk is at `chunk_position` `last`."""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncIterator[ChatGenerationChunk]:
        stream = self._chunks(messages, stop, run_manager, **kwargs)
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                yield chunk

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Iterator[ChatGenerationChunk]:
        yield from in_a_thread(
            lambda: self._chunks(messages, stop, run_manager, **kwargs)
        )

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> ChatResult:
        kept = []
        stream = self._chunks(messages, stop, run_manager, **kwargs)
        async with aclosing(stream) as chunks:
            async for chunk in chunks:
                if run_manager and self._told(run_manager, kwargs):
                    _name(chunk, run_manager)
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                if _is_of_the_message(chunk):
                    kept.append(chunk)
        return generate_from_stream(iter(kept))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> ChatResult:
        kept = []
        for chunk in self._stream(messages, stop, run_manager, **kwargs):
            if run_manager and self._told(run_manager, kwargs):
                _name(chunk, run_manager)
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            if _is_of_the_message(chunk):
                kept.append(chunk)
        return generate_from_stream(iter(kept))

    # The base class streams without telling the model its run; see `opened_run`.
    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - as the base class has it
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Iterator[AIMessageChunk]:
        """Stream the answer; see `docs/chat-model.md` for what the chunks hold."""
        if not self._streaming_disabled(**kwargs):
            config, kwargs["run_manager"] = opened_run(config)
        yield from super().stream(input, config, stop=stop, **kwargs)

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncIterator[AIMessageChunk]:
        """As `stream`, asynchronously."""
        if not self._streaming_disabled(**kwargs):
            config, kwargs["run_manager"] = opened_async_run(config)
        async for chunk in super().astream(input, config, stop=stop, **kwargs):
            yield chunk

    def _should_stream(
        self,
        *,
        async_api: bool,
        run_manager: RunManager | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> bool:
        """Not within `invoke`: that knows its run, and tells of chunks by itself."""
        inside = run_manager is not None and "stream" not in kwargs
        return not inside and super()._should_stream(async_api=async_api, **kwargs)

    def _told(self, manager: RunManager, given: dict[str, Any]) -> bool:
        """Whether somebody listens to the chunks of an `invoke`."""
        if self._streaming_disabled(**given):
            return False
        return self.streaming or any(
            isinstance(handler, _StreamingCallbackHandler)
            for handler in manager.handlers
        )

    def _get_invocation_params(
        self,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        kwargs.pop("run_manager", None)
        return super()._get_invocation_params(stop, **kwargs)


def _name(chunk: ChatGenerationChunk, manager: RunManager) -> None:
    """Say which run a chunk is of, as the base class does where it streams."""
    if chunk.message.id is None:
        chunk.message.id = f"lc_run-{manager.run_id}"


def _is_of_the_message(chunk: ChatGenerationChunk) -> bool:
    """Whether it is more than an event, which only a stream tells."""
    message = chunk.message
    last = isinstance(message, AIMessageChunk) and message.chunk_position == "last"
    return bool(chunk.text) or last
