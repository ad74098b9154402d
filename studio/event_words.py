"""What happens in a run, in a few words: for whoever watches from afar."""

from nsed.protocol.shown_text import shown_text
from nsed.state.events import DeliberationEvent

__all__ = ["event_words"]

_CHARS = 80


def event_words(event: DeliberationEvent) -> str:
    """Write one event as a line; what models wrote in it is cut short."""
    who = event.get("expert", "")
    answer = _short(event.get("answer") or "")
    match event["event"]:
        case "bound":
            said = f"{', '.join(event.get('experts', []))} have a seat"
        case "asked":
            said = f"{who} is asked to {event.get('phase', 'propose')}"
        case "proposed":
            said = f"{who} proposes {answer}" if answer else f"{who} has proposed"
        case "voted":
            said = f"{who} has voted"
        case "absent":
            said = f"{who} is absent: {_short(event.get('reason', ''))}"
        case "tallied":
            said = f"{answer} leads" if answer else "the votes are counted"
        case "halted":
            said = f"the end: {event.get('reason', '')}"
        case "decided":
            said = f"you decided: {_short(event.get('reason', ''))}"
        case "synthesized":
            said = f"{who} has written the final text"
    return f"round {event['round']}: {said}"


def _short(text: str) -> str:
    return shown_text(" ".join(text.split()), chars=_CHARS)
