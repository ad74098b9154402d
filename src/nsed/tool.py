"""A deliberation as a tool: an agent asks a panel, and reads what it agreed on."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, get_args

from langchain_core.tools import StructuredTool, ToolException
from pydantic import BaseModel, ConfigDict, Field, create_model

from nsed.brokers.base import Broker
from nsed.budget import Budget
from nsed.nodes.hiring import Hiring
from nsed.pool import Pool
from nsed.private_loop import private_loop
from nsed.protocol.errors import ConfigError, NsedError, did_you_mean
from nsed.runnable import DeliberationRunnable, as_runnable
from nsed.state.context import DeliberationConfig
from nsed.state.run_record import RunRecord

__all__ = ["AgentChoice", "as_tool", "told"]

AgentChoice = Literal["rounds", "max_usd"]
"""What an agent may decide by itself, within what the tool was made with."""

DESCRIPTION: Final = (
    "Ask a panel of several language models, who answer, review each other blind and "
    "vote. Slow and thorough: use it for a hard question where a wrong answer matters. "
    "The panel knows nothing but the task, so put everything it needs into it."
)

_TASK: Final = "The whole question, with all facts that are needed to answer it."


def as_tool(
    config: DeliberationConfig | None = None,
    *,
    pool: Pool | None = None,
    budget: Budget | float | None = None,
    graph: str = "deliberation",
    hire: Hiring | None = None,
    broker: Broker | None = None,
    name: str = "deliberate",
    description: str = DESCRIPTION,
    agent_may_set: Collection[AgentChoice] = (),
) -> StructuredTool:
    """Make a LangChain tool; the answer is its content, the record its artifact.

    The artifact is plain data, which any checkpointer keeps:
    `RunRecord.model_validate(message.artifact)` is the record.

    A deliberation that comes to no answer, and arguments that are wrong, are error
    messages that the agent can read; a bug is an exception.

    Args:
        config: Experts and knobs, see `nsed.adeliberate`.
        pool: Who takes part.
        budget: Most of each call: US dollars, or a `Budget`.
        graph: Which graph runs: `deliberation` or a baseline.
        hire: Makes experts, and is never closed.
        broker: Chooses the team.
        name: What the agent calls it.
        description: When the agent should.
        agent_may_set: Further arguments that the agent gets: `rounds`, up to the
            configuration's; `max_usd`, which lowers a cap and never raises it.

    Raises:
        ConfigError: Settings are wrong or contradict each other.
    """
    runnable = as_runnable(
        config,
        pool=pool,
        budget=budget,
        graph=graph,
        hire=hire,
        broker=broker,
        name=name,
    )

    if "max_usd" in agent_may_set:
        runnable.model_copy(update={"max_usd": 0}).settings()  # prices are known

    async def ask(**arguments: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
        task = arguments.pop("task")
        asked = runnable.model_copy(update=arguments)
        try:
            record = await asked.ainvoke({"task": task})
        except NsedError as error:
            raise ToolException(_failure(error)) from error
        return told(record), record.model_dump(mode="json")

    def ask_and_wait(**arguments: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
        return private_loop.run(lambda: ask(**arguments))

    return StructuredTool(
        name=name,
        description=description,
        args_schema=_arguments(runnable, agent_may_set),
        func=ask_and_wait,
        coroutine=ask,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=_misuse,
    )


def told(record: RunRecord) -> str:
    """What an agent reads: the answer, how sure the panel is, and what is amiss."""
    verdict = record.verdict
    lines = [verdict.text]
    if verdict.answer.strip() not in verdict.text:
        lines.insert(0, f"Answer: {verdict.answer}")
    rounds = f"{verdict.rounds} round{'s' * (verdict.rounds != 1)}"
    lines.append(
        f"[The panel's conviction after {rounds} is {verdict.conviction:.2f} of 1.]"
    )
    if verdict.status == "degraded":
        notes = "".join(f" {note.rstrip('.')}." for note in verdict.notes)
        lines.append(f"[Degraded: not all experts took part, trust it less.{notes}]")
    return "\n\n".join(lines)


def _failure(error: NsedError) -> str:
    return (
        f"The panel gave no answer ({type(error).__name__}): {error}\n"
        "Go on without it, or tell the user; the same call will fail again unless "
        "this was a passing fault."
    )


def _misuse(error: Exception) -> str:
    found: list[Any] = getattr(error, "errors", list)()
    lines = [
        f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}"
        for one in found
    ]
    return "Wrong arguments, nothing was asked. " + "; ".join(lines or [str(error)])


def _arguments(
    runnable: DeliberationRunnable, chosen: Collection[AgentChoice]
) -> type[BaseModel]:
    known = get_args(AgentChoice)
    for one in chosen:
        if one not in known:
            raise ConfigError(
                f"agent_may_set: no argument is named {one!r}."
                f"{did_you_mean(one, known)} There are: {', '.join(known)}"
            )
    most = runnable.context.rounds
    optional: Mapping[str, tuple[Any, Any]] = {
        "rounds": (
            int | None,
            Field(
                default=None,
                ge=1,
                le=most,
                description=f"Most rounds of discussion, 1 to {most}.",
            ),
        ),
        "max_usd": (
            float | None,
            Field(
                default=None,
                ge=0,
                description="Most US dollars that this question may cost.",
            ),
        ),
    }
    fields: dict[str, Any] = {
        "task": (str, Field(min_length=1, description=_TASK)),
        **{key: optional[key] for key in known if key in chosen},
    }
    return create_model("Deliberate", __config__=ConfigDict(extra="forbid"), **fields)
