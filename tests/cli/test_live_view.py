"""The live view: lines everywhere, and on a terminal who is at work."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from nsed.cli.live_view import LiveView
from nsed.state.events import DeliberationEvent


def told(event: str, **fields: Any) -> DeliberationEvent:
    return DeliberationEvent(event=event, round=1, **fields)  # type: ignore[typeddict-item, no-any-return]


def shown(
    *events: DeliberationEvent, terminal: bool = False, quiet: bool = False
) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, color_system=None)
    with LiveView(console, rounds=3, quiet=quiet) as view:
        for event in events:
            view.tell(event)
    return out.getvalue()


ASKED = told("asked", phase="propose", expert="ada")
STORY = (
    ASKED,
    told("proposed", phase="propose", expert="ada", answer="42"),
    told("absent", phase="propose", expert="bob", reason="timeout:\nno\x1b[2J reply"),
    told("voted", phase="review", expert="ada", weights={"A=41": -60, "B=…": 5}),
    told("tallied", answer="42", net_support=0.5, conviction=0.25),
    told("halted", reason="evidence"),
)
LINES = """\
Round 1 of at most 3
  ada answers 42
  bob is absent (propose): timeout: no\\x1b[2J reply
  ada weighs  A (41) -60 · B (…) +5
  leading: 42 · net support +0.50 · conviction +0.25
Stopped: there is enough evidence for the leading answer.
"""


def test_a_story_without_a_terminal() -> None:
    assert shown(*STORY) == LINES


def test_a_terminal_shows_the_same_lines_and_gets_its_cursor_back() -> None:
    out = shown(*STORY, terminal=True)

    for line in LINES.splitlines():
        assert line in out
    assert out.count("\x1b[?25l") == out.count("\x1b[?25h") == 1


def test_the_synthesizer_is_seen_at_work_and_when_it_is_refused() -> None:
    said = {"phase": "synthesize", "expert": "cy"}

    assert "  cy writes the answer\n" in shown(
        told("synthesized", answer="42", used=True, **said)
    )
    assert (
        "  cy changed the answer to 4\\x1b: the winner's own text is kept\n"
        in shown(told("synthesized", answer="4\x1b", used=False, **said))
    )


def test_quiet_shows_nothing_even_on_a_terminal() -> None:
    assert shown(*STORY, terminal=True, quiet=True) == ""


def test_a_terminal_shows_who_is_at_work_and_for_how_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("nsed.cli.live_view.time.monotonic", lambda: now)
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    view = LiveView(console, rounds=3)
    view.tell(ASKED)
    view.tell(told("asked", phase="review", expert="bob"))

    now = 112.4
    console.print(view._at_work())
    assert "ada answering 12 s · bob reviewing 12 s" in out.getvalue()

    view.tell(told("proposed", phase="propose", expert="ada", answer="42"))
    assert "ada answers 42  12.4 s" in out.getvalue()
    out.truncate(0)
    console.print(view._at_work())
    assert "ada" not in out.getvalue()


def test_an_answer_in_prose_and_a_round_without_votes() -> None:
    out = shown(
        told("proposed", phase="propose", expert="ada", answer=None),
        told("tallied", answer=None, net_support=None, conviction=0.0),
    )

    assert "ada answers in prose" in out
    assert "leading: a text without a short answer · net support –" in out
