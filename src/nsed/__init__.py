"""nsed: a runtime mixture of models, as one LangGraph.

    import nsed

    record = nsed.deliberate("A farmer has 17 sheep; all but 9 run away. How many?")
    print(record.verdict.answer, record.verdict.usage)

Names are loaded on first use, so `import nsed` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nsed.budget import Budget
    from nsed.chat_model import ChatNSED
    from nsed.checkpoints import open_checkpoints
    from nsed.config.file import load_config
    from nsed.doors import adeliberate, deliberate
    from nsed.graphs.deliberation import create_deliberation
    from nsed.models.chat_model_expert import ChatModelExpert
    from nsed.models.live_expert import LiveExpert, expert
    from nsed.models.scripted import scripted
    from nsed.run import Run
    from nsed.runnable import as_runnable
    from nsed.state.context import DeliberationConfig
    from nsed.state.events import DeliberationEvent
    from nsed.state.expert_config import ExpertConfig
    from nsed.state.human import HumanDecision
    from nsed.state.records import Verdict
    from nsed.state.run_record import RunRecord
    from nsed.streaming import RunFinished, astream, stream
    from nsed.tool import as_tool

__all__ = [
    "Budget",
    "ChatModelExpert",
    "ChatNSED",
    "DeliberationConfig",
    "DeliberationEvent",
    "ExpertConfig",
    "HumanDecision",
    "LiveExpert",
    "Run",
    "RunFinished",
    "RunRecord",
    "Verdict",
    "adeliberate",
    "as_runnable",
    "as_tool",
    "astream",
    "create_deliberation",
    "deliberate",
    "expert",
    "load_config",
    "open_checkpoints",
    "scripted",
    "stream",
]

_HOME = {
    "Budget": "nsed.budget",
    "ChatModelExpert": "nsed.models.chat_model_expert",
    "ChatNSED": "nsed.chat_model",
    "DeliberationConfig": "nsed.state.context",
    "DeliberationEvent": "nsed.state.events",
    "ExpertConfig": "nsed.state.expert_config",
    "HumanDecision": "nsed.state.human",
    "LiveExpert": "nsed.models.live_expert",
    "Run": "nsed.run",
    "RunFinished": "nsed.streaming",
    "RunRecord": "nsed.state.run_record",
    "Verdict": "nsed.state.records",
    "adeliberate": "nsed.doors",
    "as_runnable": "nsed.runnable",
    "as_tool": "nsed.tool",
    "astream": "nsed.streaming",
    "create_deliberation": "nsed.graphs.deliberation",
    "deliberate": "nsed.doors",
    "expert": "nsed.models.live_expert",
    "load_config": "nsed.config.file",
    "open_checkpoints": "nsed.checkpoints",
    "scripted": "nsed.models.scripted",
    "stream": "nsed.streaming",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Load a public name from its home."""
    if name not in _HOME:
        msg = f"module 'nsed' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
