"""The deliberation as the Runnable that LangServe serves: every call a run."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Final, get_args

from langchain_core.callbacks import AsyncCallbackManagerForChainRun
from langchain_core.messages import AnyMessage, convert_to_messages
from langchain_core.runnables import (
    AddableDict,
    ConfigurableFieldSpec,
    Runnable,
    RunnableConfig,
)
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from nsed.nodes.chat import task_in
from nsed.protocol.errors import NsedError
from nsed.state.events import DeliberationEvent
from nsed.studio.answered import Answered
from nsed.studio.call_options import CallOptions
from nsed.studio.live_run import LiveRun

__all__ = ["Asked", "Deliberated", "ServedDeliberation"]

Enter = Callable[[str, CallOptions], AbstractAsyncContextManager[LiveRun]]

_MOST_CHARS: Final = 1_000_000


class Asked(BaseModel):
    """A task, or the messages of a chat; one of the two."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    task: str = Field(default="", max_length=_MOST_CHARS)
    """What the experts are asked."""
    messages: list[AnyMessage] = Field(default=[], max_length=1000)
    """A chat, whose last user message is what the experts are asked."""

    @field_validator("messages", mode="before")
    @classmethod
    def _as_clients_write_them(cls, found: Any) -> Any:  # noqa: ANN401
        """Role and content, as chat clients have it, as well as LangChain's own."""
        try:
            return convert_to_messages(found) if isinstance(found, list) else found
        except (NotImplementedError, ValueError, TypeError) as error:
            msg = f"not a list of messages: {error}"
            raise ValueError(msg) from error

    @model_validator(mode="after")
    def _one_of_them(self) -> "Asked":
        if bool(self.task.strip()) == bool(self.messages):
            msg = "give a task or messages, and not both"
            raise ValueError(msg)
        return self

    def in_words(self) -> str:
        """Write it as one task.

        Raises:
            ConfigError: The messages ask nothing, or hold more than text.
        """
        return self.task if self.task.strip() else task_in(self.messages)


class Deliberated(Answered):
    """The answer, and what happened on the way."""

    events: tuple[DeliberationEvent, ...] = ()
    """As they happened."""


class ServedDeliberation(Runnable[dict[str, Any], dict[str, Any]]):
    """Plays a run for every call; async only, as LangServe is.

    Its stream are the events one by one, then the answer; added up they are what
    `ainvoke` gives.
    """

    def __init__(self, enter: Enter) -> None:
        """Serve runs.

        Args:
            enter: Begins a run that lasts as long as its context.
        """
        self.name = "nsed"
        self._enter = enter

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What a call may choose; all else is refused before it gets here."""
        return [
            ConfigurableFieldSpec(
                id=name,
                annotation=_drawn(field.annotation),
                name=name.replace("_", " ").capitalize(),
                description=field.description,
                default=None,
            )
            for name, field in CallOptions.model_fields.items()
        ]

    def invoke(
        self,
        input: dict[str, Any],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Raise: LangServe calls `ainvoke`, and so does whoever embeds this."""
        msg = "this runnable is async only: use ainvoke"
        raise NotImplementedError(msg)

    async def ainvoke(
        self,
        input: dict[str, Any],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """Play a run to its end.

        Raises:
            NsedError: There is no answer.
        """
        return await self._acall_with_config(self._whole, input, config, **kwargs)

    async def astream(
        self,
        input: dict[str, Any],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncIterator[dict[str, Any]]:
        """Play a run and tell what happens.

        Raises:
            NsedError: There is no answer; the last chunk then says why.
        """

        async def one() -> AsyncIterator[dict[str, Any]]:
            yield input

        async for chunk in self.atransform(one(), config, **kwargs):
            yield chunk

    async def atransform(
        self,
        input: AsyncIterator[dict[str, Any]],  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> AsyncIterator[dict[str, Any]]:
        """Do what `astream` does, in a chain."""
        async for chunk in self._atransform_stream_with_config(
            input, self._in_parts, config, **kwargs
        ):
            yield chunk

    async def _whole(
        self,
        given: Mapping[str, Any],
        run_manager: AsyncCallbackManagerForChainRun,  # noqa: ARG002 - LangChain passes it
        config: RunnableConfig,
    ) -> dict[str, Any]:
        async with self._entered(given, config) as live:
            record = await live.ended()
            answered = Answered.of(record).model_dump(mode="json")
            return {"events": list(live.events), **answered}

    async def _in_parts(
        self,
        given: AsyncIterator[Mapping[str, Any]],
        run_manager: AsyncCallbackManagerForChainRun,  # noqa: ARG002 - LangChain passes it
        config: RunnableConfig,
    ) -> AsyncIterator[dict[str, Any]]:
        async for one in given:
            async with self._entered(one, config) as live:
                async for _, event in live.watch():
                    yield AddableDict(events=[event])
                try:
                    record = await live.ended()
                except NsedError as error:
                    yield AddableDict(failure=str(error))
                    raise
                yield AddableDict(Answered.of(record).model_dump(mode="json"))

    def _entered(
        self, given: Mapping[str, Any], config: RunnableConfig
    ) -> AbstractAsyncContextManager[LiveRun]:
        known = CallOptions.model_fields
        chosen = config.get("configurable", {})
        options = CallOptions(**{k: v for k, v in chosen.items() if k in known})
        return self._enter(Asked.model_validate(given).in_words(), options)


def _drawn(annotation: Any) -> Any:  # noqa: ANN401 - types are values here
    """The type of an option so that the playground can draw it.

    It knows neither a union with None, nor None as a default.
    """
    return Annotated[get_args(annotation)[0], Field(json_schema_extra=_no_default)]


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
