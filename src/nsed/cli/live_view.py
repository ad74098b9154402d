"""The live view: who is thinking, answers, ballots and rounds as they come.

On a terminal one changing line below the others shows who is at work; elsewhere
there are only the lines.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from nsed.cli.plain_text import one_line
from nsed.phrases import signed, stopped_because
from nsed.state.events import DeliberationEvent

__all__ = ["LiveView"]

_ANSWER_CHARS = 60
_WEIGHED_CHARS = 24
_REASON_CHARS = 160
_WORTH_SAYING_S = 0.1
_VERBS = {
    "propose": "answering",
    "review": "reviewing",
    "synthesize": "writes the answer",
}


class LiveView:
    """Shows the events of one run. A context manager: leave it to free the terminal."""

    def __init__(self, console: Console, *, rounds: int, quiet: bool = False) -> None:
        """Show nothing yet.

        Args:
            console: Where to show it.
            rounds: The most there can be.
            quiet: Show nothing at all.
        """
        self._console, self._rounds, self._quiet = console, rounds, quiet
        self._asked: dict[tuple[str, str], float] = {}
        self._round = 0
        unicode = console.encoding.lower().startswith("utf")
        self._spinner = Spinner("dots" if unicode else "line")
        self._live: Live | None = None
        if console.is_terminal and not quiet:
            self._live = Live(
                console=console,
                get_renderable=self._at_work,
                refresh_per_second=8,
                transient=True,
                redirect_stdout=False,
            )

    def __enter__(self) -> Self:
        """Begin."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back."""
        self.close()

    def close(self) -> None:
        """Give the terminal back. May be called again."""
        if self._live:
            self._live.stop()
            self._live = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the terminal to somebody else for a while."""
        if self._live:
            self._live.stop()
        yield
        if self._live:
            self._live.start()

    def tell(self, event: DeliberationEvent) -> None:
        """Show what happened."""
        if self._quiet:
            return
        if event["round"] > self._round:
            self._round = event["round"]
            self._say(Text(f"Round {self._round} of at most {self._rounds}", "bold"))
        if event["event"] == "bound" and event.get("reason") == "kept":
            return
        who = (event.get("phase", ""), event.get("expert", ""))
        if event["event"] == "asked":
            self._asked[who] = time.monotonic()
            return
        took = self._took(who)
        self._say(_LINES[event["event"]](event).append(took, "dim"))

    def cut_short(self) -> None:
        """Say that the user's Ctrl-C has arrived."""
        self._asked.clear()
        if not self._quiet:
            words = "Stopping with what there is. Ctrl-C again: at once."
            self._say(Text(words, "yellow"))

    def _took(self, who: tuple[str, str]) -> str:
        asked = self._asked.pop(who, None)
        seconds = 0.0 if asked is None else time.monotonic() - asked
        return f"  {seconds:.1f} s" if seconds >= _WORTH_SAYING_S else ""

    def _say(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)

    def _at_work(self) -> RenderableType:
        now = time.monotonic()
        busy = (
            f"{name} {_VERBS.get(phase, phase)} {now - since:.0f} s"
            for (phase, name), since in list(self._asked.items())
        )
        text = Text(" · ".join(busy), no_wrap=True, overflow="ellipsis")
        self._spinner.update(text=text)
        return self._spinner if text else Text()


def _proposed(event: DeliberationEvent) -> Text:
    answer = event.get("answer")
    line = Text(f"  {event.get('expert', '')} answers ")
    if answer is None:
        return line.append("in prose", "dim")
    return line.append(one_line(answer, _ANSWER_CHARS), "cyan")


def _voted(event: DeliberationEvent) -> Text:
    line = Text(f"  {event.get('expert', '')} weighs  ")
    for index, (label, weight) in enumerate(event.get("weights", {}).items()):
        name, _, answer = label.partition("=")
        shown = f"{name} ({one_line(answer, _WEIGHED_CHARS)})" if answer else name
        style = "green" if weight > 0 else "red" if weight < 0 else "dim"
        line.append(" · " if index else "").append(f"{shown} ")
        line.append(f"{weight:+d}", style)
    return line


def _absent(event: DeliberationEvent) -> Text:
    reason = one_line(event.get("reason", ""), _REASON_CHARS)
    phase = event.get("phase", "")
    return Text(f"  {event.get('expert', '')} is absent ({phase}): {reason}", "red")


def _tallied(event: DeliberationEvent) -> Text:
    answer = one_line(event.get("answer") or "a text without a short answer", 40)
    return Text(
        f"  leading: {answer} · net support {signed(event.get('net_support'))} · "
        f"conviction {signed(event.get('conviction'))}",
        "bold cyan",
    )


def _halted(event: DeliberationEvent) -> Text:
    return Text(f"Stopped: {stopped_because(event.get('reason', ''))}.", "bold")


def _bound(event: DeliberationEvent) -> Text:
    reason = one_line(event.get("reason", ""), _REASON_CHARS)
    team = ", ".join(event.get("experts", []))
    if not reason.startswith("re-bound"):
        return Text(f"  team: {team}", "dim")
    return Text(f"  {reason}; now: {team}", "yellow")


def _decided(event: DeliberationEvent) -> Text:
    return Text(f"  you: {one_line(event.get('reason', ''), _REASON_CHARS)}", "bold")


def _synthesized(event: DeliberationEvent) -> Text:
    name = event.get("expert", "")
    if event.get("used"):
        return Text(f"  {name} writes the answer")
    changed = one_line(event.get("answer") or "another", _ANSWER_CHARS)
    return Text(
        f"  {name} changed the answer to {changed}: the winner's own text is kept",
        "red",
    )


_LINES = {
    "absent": _absent,
    "bound": _bound,
    "decided": _decided,
    "halted": _halted,
    "proposed": _proposed,
    "synthesized": _synthesized,
    "tallied": _tallied,
    "voted": _voted,
}
