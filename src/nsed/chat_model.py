"""`ChatNSED`: a panel of experts behind LangChain's chat model interface."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.load.serializable import (
    SerializedConstructor,
    SerializedNotImplemented,
)
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from nsed.chat.call import WORDS, Call, call_of
from nsed.chat.no_tools import NO_TOOLS
from nsed.chat.play import RunManager
from nsed.chat.source import Source, asked_for, model_of, with_preset
from nsed.chat.streamed import StreamedChatModel
from nsed.chat.structured_chat import structured_chain
from nsed.chat.traits import plain, traits
from nsed.config.settings import Settings
from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import UnsupportedError
from nsed.protocol.memory_text import token_estimate
from nsed.shared_hire import SharedHire
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["ChatNSED"]


class ChatNSED(StreamedChatModel):
    """A chat model whose every answer is the verdict of a deliberation.

        chat = ChatNSED(config_file="nsed.toml", preset="fast")
        chat.invoke("What is 6 * 7?").response_metadata["nsed"]["conviction"]

    Give at most one of `config`, `config_file` and `experts`; without them, three
    small models on this machine answer. The verdict stands in
    `response_metadata["nsed"]`, the bill of all calls in `usage_metadata`. See
    docs/chat-model.md.

    Raises:
        ConfigError: The configuration is wrong; the message says where.
    """

    model_config = ConfigDict(
        extra="forbid",
        arbitrary_types_allowed=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    config: DeliberationConfig | None = None
    """Experts and knobs."""

    config_file: str | None = None
    """Path of a file of them; its presets are known, its places are not used."""

    experts: tuple[ExpertConfig, ...] | None = None
    """Experts, with the default knobs."""

    preset: str | None = None
    """Laid on top: `fast`, `deep`, or one of the file's own. `model="nsed-fast"` is
    another way of saying so, here and in a call."""

    budget: float | None = None
    """Cap of one answer in US dollars; may lower the configuration's, not raise it."""

    max_tokens: int | None = None
    """Most output tokens of one proposal, at least 16; may lower the configuration's.
    The cap of the whole run is the configuration's own `max_tokens`."""

    seed: int | None = None
    """Decides labels and orders; sent to models that take a seed."""

    temperature: float | None = None
    """Of every expert, in [0, 2]; None leaves the configuration's."""

    timeout: float | None = None
    """Wall-clock seconds of one answer; what is at work then is cut off."""

    stop: list[str] | None = None
    """Where the final text ends; the experts do not see it."""

    trace_experts: bool = True
    """Whether the experts' calls are child runs in callbacks and traces. A callback
    that adds up tokens then counts them twice: there, and in this model's own run."""

    hire: Hiring | None = Field(default=None, exclude=True)
    """Makes experts, and stays open between calls; whoever made it closes it. By
    default calls that are at work at the same time share one."""

    _settings: Settings = PrivateAttr()
    _shared: SharedHire = PrivateAttr()

    @property
    def model_name(self) -> str:
        """`nsed`, or `nsed-` and the preset."""
        return model_of(self.preset)

    @property
    def _llm_type(self) -> str:
        return "nsed"

    @model_validator(mode="before")
    @classmethod
    def _model_names_a_preset(cls, values: Any) -> Any:  # noqa: ANN401 - anything
        return with_preset(values) if isinstance(values, Mapping) else values

    @model_validator(mode="after")
    def _settled(self) -> Self:
        """Find out at once what is wrong with the configuration."""
        source = Source(
            config=self.config, config_file=self.config_file, experts=self.experts
        )
        self._settings = source.settings()
        self._shared = SharedHire(response_cache=self._settings.response_cache)
        asked_for(
            self._settings,
            self.preset,
            budget=self.budget,
            seed=self.seed,
            temperature=self.temperature,
            timeout=self.timeout,
        )
        return self

    def _call(self, stop: Sequence[str] | None, given: Mapping[str, Any]) -> Call:
        return call_of(
            self._settings,
            self.preset,
            defaults={word: getattr(self, word) for word in WORDS},
            given=given,
            stop=self.stop if stop is None else stop,
            traced=self.trace_experts,
        )

    @asynccontextmanager
    async def _hired(self) -> AsyncIterator[Hiring]:
        if self.hire is not None:
            yield self.hire
            return
        async with self._shared.hired() as hire:
            yield hire

    async def _chunks(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: RunManager | None,
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        call = self._call(stop, kwargs)
        async with (
            self._hired() as hire,
            aclosing(call.chunks(messages, hire, run_manager)) as chunks,
        ):
            async for chunk in chunks:
                yield chunk

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        include_raw: bool = False,
        **kwargs: Any,  # noqa: ANN401
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as objects of a schema; see `nsed.structured_answer`.

        Args:
            schema: A pydantic class, a TypedDict class, a JSON schema, or a function
                as OpenAI writes them; None: any JSON object.
            include_raw: Give `{"raw", "parsed", "parsing_error"}` instead of the
                object, and no error where there is none.
            kwargs: `method` and `strict`, as other models take them. They change
                nothing: a value is checked in any case.

        Raises:
            ConfigError: The schema, or an argument, is of no use.
            UnsupportedError: There are `tools`.
        """
        return structured_chain(self, schema, include_raw=include_raw, given=kwargs)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Refuse tools; an empty list binds nothing.

        Raises:
            UnsupportedError: There are any.
        """
        if tools or tool_choice:
            raise UnsupportedError(NO_TOOLS)
        kwargs.pop("strict", None)
        return self.bind(**kwargs)

    def get_num_tokens(self, text: str) -> int:
        """An estimate: every expert has a tokenizer of its own."""
        return token_estimate(text)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """It is; a `hire` stays behind."""
        return True

    def to_json(self) -> SerializedConstructor | SerializedNotImplemented:
        """As LangChain writes it, the configuration as plain data."""
        found = super().to_json()
        if found["type"] == "constructor":
            found["kwargs"] = plain(found["kwargs"])
        return found

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        """For traces."""
        words = {word: getattr(self, word) for word in (*WORDS, "stop")}
        return {
            "model_name": self.model_name,
            **traits(self._settings.config(preset=self.preset)),
            **{word: value for word, value in words.items() if value is not None},
        }

    def _get_llm_string(
        self,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> str:
        """Key of LangChain's cache: another configuration in the same file is new."""
        config = self._call(stop, kwargs).config.model_dump_json()
        return f"{super()._get_llm_string(stop, **kwargs)}---{config}"

    def _get_ls_params(
        self,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> LangSmithParams:
        return super()._get_ls_params(self.stop if stop is None else stop, **kwargs)
