"""nsed: a runtime mixture of models, as one LangGraph.

    import nsed

    record = nsed.deliberate("A farmer has 17 sheep; all but 9 run away. How many?")
    print(record.verdict.answer, record.verdict.usage)

Names are loaded on first use, so `import nsed` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nsed.chat_model import ChatNSED
    from nsed.checkpoints import open_checkpoints
    from nsed.doors import adeliberate, deliberate
    from nsed.graphs.deliberation import create_deliberation
    from nsed.models.chat_model_expert import ChatModelExpert
    from nsed.models.scripted import scripted
    from nsed.run import Run
    from nsed.state.context import DeliberationConfig
    from nsed.state.expert_config import ExpertConfig
    from nsed.state.human import HumanDecision
    from nsed.state.records import Verdict
    from nsed.state.run_record import RunRecord

__all__ = [
    "ChatModelExpert",
    "ChatNSED",
    "DeliberationConfig",
    "ExpertConfig",
    "HumanDecision",
    "Run",
    "RunRecord",
    "Verdict",
    "adeliberate",
    "create_deliberation",
    "deliberate",
    "open_checkpoints",
    "scripted",
]

_HOME = {
    "ChatModelExpert": "nsed.models.chat_model_expert",
    "ChatNSED": "nsed.chat_model",
    "DeliberationConfig": "nsed.state.context",
    "ExpertConfig": "nsed.state.expert_config",
    "HumanDecision": "nsed.state.human",
    "Run": "nsed.run",
    "RunRecord": "nsed.state.run_record",
    "Verdict": "nsed.state.records",
    "adeliberate": "nsed.doors",
    "create_deliberation": "nsed.graphs.deliberation",
    "deliberate": "nsed.doors",
    "open_checkpoints": "nsed.checkpoints",
    "scripted": "nsed.models.scripted",
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
