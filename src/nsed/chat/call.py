"""One call of the chat model: what it asks for, and its chunks as they come."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from nsed.answer_form import AnswerForm
from nsed.chat.message import event_chunk, last_chunk, text_chunks, verdict_of
from nsed.chat.no_tools import NO_TOOLS
from nsed.chat.play import RunManager, context_below, played, within
from nsed.chat.source import asked_for, model_of, preset_of
from nsed.chat.structured_chat import form_for
from nsed.chat.turns import turns_of
from nsed.config.settings import Settings
from nsed.nodes.hiring import Hiring
from nsed.protocol.errors import ConfigError, UnsupportedError, did_you_mean
from nsed.run import Run
from nsed.state.context import DeliberationConfig
from nsed.state.conversation import task_of
from nsed.stop_sequences import cut, stop_list
from nsed.structured_answer import structured

__all__ = ["WORDS", "Call", "call_of"]

WORDS: Final = ("budget", "max_tokens", "seed", "temperature", "timeout")
"""What may be said for one call, and for all of them."""
_FORM: Final = "response_format"
_TOOLS: Final = ("tools", "tool_choice", "functions", "function_call")


@dataclass(frozen=True)
class Call:
    """What one call runs with."""

    model: str
    config: DeliberationConfig
    stops: Sequence[str]
    form: AnswerForm | None
    """What the answer must be put into."""
    traced: bool

    async def chunks(
        self,
        messages: Sequence[BaseMessage],
        hire: Hiring,
        manager: RunManager | None,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Play the run: a chunk for every event, then the text, then the verdict.

        Raises:
            NsedError: There is no answer; or the messages ask nothing that the
                experts can read.
        """
        try:
            task = task_of(turns_of(messages))
        except ValueError as error:
            raise ConfigError(str(error)) from error
        run = Run(task, self.config, hire=hire)
        context = context_below(manager, traced=self.traced)
        async with aclosing(played(run, context)) as events:
            async for event in events:
                yield event_chunk(event)
        record = await run.record()
        used, text, facts = record.verdict.usage, record.verdict.text, {}
        if self.form is not None:
            work = structured(record, self.form, hire=hire, config=self.config)
            found = await within(context, work)
            used, text = used + found.usage, found.text
            facts["structured"] = {
                "reasked": found.reasked,
                "asked": found.asked,
                "problem": found.problem,
            }
        text, was_cut = cut(text, self.stops)
        for chunk in text_chunks(text):
            yield chunk
        verdict = verdict_of(record, used, cut_at_stop=was_cut, **facts)
        yield last_chunk(used, verdict, model=self.model)


def call_of(
    settings: Settings,
    preset: str | None,
    *,
    defaults: Mapping[str, Any],
    given: Mapping[str, Any],
    stop: str | Sequence[str] | None,
    traced: bool,
) -> Call:
    """Settle what one call runs with.

    Args:
        settings: Of the model.
        preset: Of the model.
        defaults: What the model says, by `WORDS`.
        given: Keyword arguments of the call.
        stop: Stop sequences.
        traced: Whether the experts' calls are reported to callbacks.

    Raises:
        ConfigError: An argument is unknown or has a wrong value.
        UnsupportedError: It asks for tool calls.
    """
    found = {name: value for name, value in given.items() if name != "stream"}
    if any(found.get(name) for name in _TOOLS):
        raise UnsupportedError(NO_TOOLS)
    model = found.pop("model", None)
    if model is not None:
        preset = preset_of(model)
    has_form, schema = _FORM in found, found.pop(_FORM, None)
    words = dict(defaults)
    for name, value in found.items():
        if name not in (*WORDS, *_TOOLS):
            known = (*WORDS, "model", "stop", _FORM)
            raise ConfigError(
                f"{name}: not an argument of ChatNSED.{did_you_mean(name, known)} "
                f"There are: {', '.join(known)}"
            )
        if name in WORDS and value is not None:
            words[name] = value
    stops = stop_list(stop)
    if has_form and stops:
        raise ConfigError(
            "stop: a JSON object cannot be cut; leave stop sequences out where an "
            "answer is put into a form"
        )
    return Call(
        model=model_of(preset),
        config=asked_for(settings, preset, **words),
        stops=stops,
        form=form_for(schema) if has_form else None,
        traced=traced,
    )
