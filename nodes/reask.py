"""The re-ask: what to say to a model whose ballot could not be read."""

from nsed.models.asking_again import QUOTED_CHARS
from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import fill

__all__ = ["reask"]


def reask(complaint: str, *, call: str) -> str:
    """Say what is wrong with it; the complaint may quote it, so it is fenced."""
    told = frame(
        "complaint", [("problem", complaint)], call=f"{call}.reask", chars=QUOTED_CHARS
    )
    return fill("reask", complaint=told)
