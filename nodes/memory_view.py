"""How memory reads in a prompt: what was said, never who said it or how it fared."""

from nsed.nodes.peer_text import Framed, frame
from nsed.protocol.forget_gate import MemoryItem
from nsed.state.records import Memory

__all__ = ["memory_view", "shown_answer"]


def memory_view(memory: Memory, *, call: str, chars: int) -> Framed:
    """Fence what the gate kept, in its order; see `frame`."""
    said = [(_label(item), _words(item)) for item in memory.kept]
    return frame("earlier", said, call=call, chars=chars)


def shown_answer(key: str) -> str:
    """An answer key for the eye: `number:72` is 72; a keyless one shows as nothing."""
    kind, _, value = key.partition(":")
    return "" if kind == "alone" else value


def _label(item: MemoryItem) -> str:
    return "answer" if item.kind == "proposal" else item.kind


def _words(item: MemoryItem) -> str:
    """What was said; of a critique also about which answer, a peer's word as well."""
    about = shown_answer(item.answer)
    if item.kind == "proposal" or not about:
        return item.text
    return f"On the answer {about}: {item.text}"
