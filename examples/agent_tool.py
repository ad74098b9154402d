"""A panel as a tool of an agent: it asks for a second opinion where that matters.

    python examples/agent_tool.py                        # scripted, offline
    python examples/agent_tool.py --config nsed.toml     # your experts in the tool
    python examples/agent_tool.py --config nsed.toml --agent openai:MODEL

The agent needs `pip install langchain`. Offline it is a scripted chat model, too.
"""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

import nsed


class ScriptedAgent(BaseChatModel):
    """Calls the tool first, then repeats the first line of what it was told."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> BaseChatModel:  # noqa: ANN401
        """Take them; it knows which one to call."""
        self.metadata = {"tools": [tool.name for tool in tools]}
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> ChatResult:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            said = f"The panel says: {last.text.splitlines()[-3]}"
            message = AIMessage(content=said)
        else:
            call = {"name": "deliberate", "args": {"task": last.text}, "id": "1"}
            message = AIMessage(content="", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])


def scripted_panel() -> nsed.DeliberationConfig:
    """Three experts; one of them is wrong at first."""
    marks = {"Answer: 72": 80, "Answer: 96": -40}
    return nsed.DeliberationConfig(
        experts=(
            nsed.scripted("ada", "24 + 48 = 72\nAnswer: 72", weights=marks),
            nsed.scripted("bob", "Answer: 96", "Answer: 72", weights=marks),
            nsed.scripted("cy", "Answer: 72", weights=marks),
        )
    )


async def main() -> None:
    """Ask the agent, who asks the panel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    parser.add_argument("--agent", help="provider:model; without it, a scripted one")
    asked = parser.parse_args()
    config = (
        nsed.load_config(asked.config).config() if asked.config else scripted_panel()
    )
    agent = create_agent(
        asked.agent or ScriptedAgent(),
        tools=[nsed.as_tool(config, agent_may_set=["rounds"])],
    )
    question = "She sold 48 clips in April and half as many in May. How many?"
    end = await agent.ainvoke({"messages": [("user", question)]})
    told = next(m for m in end["messages"] if isinstance(m, ToolMessage))
    record = nsed.RunRecord.model_validate(told.artifact)
    print("panel:", record.verdict.answer, f"in {record.verdict.rounds} round(s)")
    print("agent:", end["messages"][-1].text)


if __name__ == "__main__":
    asyncio.run(main())
