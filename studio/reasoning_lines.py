"""What happens in a run, in one line of words each: for clients that show reasoning."""

from collections.abc import Callable
from typing import Final

from nsed.state.events import DeliberationEvent

__all__ = ["reasoning_line"]

_SHOWN_CHARS = 120


def reasoning_line(event: DeliberationEvent) -> str | None:
    """One line about an event; None where it is not worth one.

    Args:
        event: Of a run. Who answers is named: experts see labels, clients need not.
    """
    word = _WORDS.get(event["event"])
    return word(event) if word else None


def _bound(event: DeliberationEvent) -> str:
    return f"Round {event['round']}: {', '.join(event.get('experts', []))} deliberate."


def _proposed(event: DeliberationEvent) -> str:
    answer = _short(event.get("answer") or "")
    return f"{_who(event)} answers: {answer}" if answer else f"{_who(event)} answers."


def _voted(event: DeliberationEvent) -> str:
    weights = event.get("weights", {})
    shown = ", ".join(f"{_short(label)} {w:+d}" for label, w in weights.items())
    return f"{_who(event)} weighs: {shown}"


def _absent(event: DeliberationEvent) -> str:
    phase, reason = event.get("phase", ""), _short(event.get("reason", ""))
    return f"{_who(event)} is missing ({phase}): {reason}"


def _tallied(event: DeliberationEvent) -> str:
    answer = _short(event.get("answer") or "")
    leading = f"{answer} leads" if answer else "tallied"
    conviction = event.get("conviction")
    how = "" if conviction is None else f" (conviction {conviction:+.2f})"
    return f"Round {event['round']}: {leading}{how}."


def _halted(event: DeliberationEvent) -> str:
    return f"Stopped: {event.get('reason', '').replace('_', ' ')}."


def _synthesized(event: DeliberationEvent) -> str:
    used = "used" if event.get("used") else "not used"
    return f"{_who(event)} writes the final text; it is {used}."


_WORDS: Final[dict[str, Callable[[DeliberationEvent], str]]] = {
    "bound": _bound,
    "proposed": _proposed,
    "voted": _voted,
    "absent": _absent,
    "tallied": _tallied,
    "halted": _halted,
    "synthesized": _synthesized,
}


def _who(event: DeliberationEvent) -> str:
    return event.get("expert", "")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"
