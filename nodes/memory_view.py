"""How memory reads in a prompt: what was said, never who said it or how it fared."""

from nsed.nodes.peer_text import frame, fresh_mark
from nsed.state.records import Memory

__all__ = ["memory_view", "shown_answer"]


def memory_view(memory: Memory) -> str:
    """Fence what the gate kept, in its order."""
    mark = fresh_mark("memory", *(item.text for item in memory.kept))
    labelled = []
    for item in memory.kept:
        about = shown_answer(item.answer)
        what = "answer" if item.kind == "proposal" else item.kind
        on = f" on the answer {about}" if about and item.kind != "proposal" else ""
        labelled.append((f"{what}{on}".replace('"', "'"), item.text))
    return frame("earlier", labelled, mark=mark)


def shown_answer(key: str) -> str:
    """An answer key for the eye: `number:72` is 72; a keyless one shows as nothing."""
    kind, _, value = key.partition(":")
    return "" if kind == "alone" else value
