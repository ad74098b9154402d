"""A deliberation as one step of a LangGraph app: collect, deliberate, publish.

python examples/subgraph.py                        # scripted experts, offline
python examples/subgraph.py --config nsed.toml     # yours
"""

import argparse
import asyncio
from typing import TypedDict

from langgraph.graph import END, START, StateGraph

import nsed


class Desk(TypedDict, total=False):
    """The app's state. `task` and `verdict` are the keys that nsed shares."""

    notes: list[str]
    task: str
    verdict: nsed.Verdict
    article: str


def collect(state: Desk) -> Desk:
    """Make one question of what came in."""
    return {"task": "\n".join(state["notes"])}


def publish(state: Desk) -> Desk:
    """Write the article; what is not sure is said to be."""
    verdict = state["verdict"]
    doubt = "" if verdict.status == "complete" else " (not everybody was heard)"
    return {"article": f"It is {verdict.answer}.{doubt}"}


def create_desk() -> StateGraph[Desk, nsed.DeliberationConfig, Desk, Desk]:
    """Wire the app; nsed's graph is a node of it."""
    app = StateGraph(Desk, context_schema=nsed.DeliberationConfig)
    app.add_node("collect", collect)
    app.add_node("deliberate", nsed.create_deliberation().compile())
    app.add_node("publish", publish)
    app.add_edge(START, "collect")
    app.add_edge("collect", "deliberate")
    app.add_edge("deliberate", "publish")
    app.add_edge("publish", END)
    return app


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
    """Run the app, and show its steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    asked = parser.parse_args()
    config = (
        nsed.load_config(asked.config).config() if asked.config else scripted_panel()
    )
    notes = ["She sold 48 clips in April,", "and half as many in May.", "How many?"]
    stream = (
        create_desk()
        .compile()
        .astream({"notes": notes}, context=config, stream_mode="updates")
    )
    async for update in stream:
        for step, written in update.items():
            print(f"{step}:", written.get("article") or ", ".join(written))


if __name__ == "__main__":
    asyncio.run(main())
