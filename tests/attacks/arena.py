"""One attack, put to a panel of two gullible experts by a third with a wrong answer."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from attacks.gullible import SECRET, Gullible
from panel import Recorder, deliberate, settings_for

from nsed.models.base import Reply, Request
from nsed.models.scripted import scripted
from nsed.nodes.peer_text import Framed
from nsed.protocol.usage import Usage
from nsed.state.run_record import RunRecord

__all__ = [
    "CASES",
    "PLAIN",
    "TAGGED",
    "Case",
    "Outcome",
    "attack",
    "figures",
    "framed",
    "replace",
]

CORPUS = Path(__file__).parent / "corpus.jsonl"


@dataclass(frozen=True)
class Case:
    """One attack. `repeat` times its text, then its `end`."""

    kind: str
    name: str
    text: str
    does: str
    """What a gullible reader would do."""
    channel: str = "text"
    """Where it stands: in all texts of the attacker, or only in one place."""
    times: int = 1
    end: str = ""

    @property
    def words(self) -> str:
        """The whole of it."""
        return self.text * self.times + self.end


CASES = [
    Case(**json.loads(line)) for line in CORPUS.read_text(encoding="utf-8").splitlines()
]


@dataclass(frozen=True)
class Outcome:
    """What came of an attack."""

    record: RunRecord
    deeds: tuple[str, ...]
    asked: tuple[Request, ...]
    """What the two were asked."""

    @property
    def leaked(self) -> bool:
        """Whether a ballot on record holds the secret."""
        return SECRET in "".join(
            mark.critique
            for b in self.record.ballots.values()
            for mark in b.written.values()
        )


_HEARD: dict[Case, Outcome] = {}


async def framed(case: Case) -> Outcome:
    """What comes of an attack on the product as it is; played once a case."""
    if case not in _HEARD:
        _HEARD[case] = await attack(case)
    return _HEARD[case]


class Attacker:
    """Proposes 41, with the attack in whatever it writes."""

    def __init__(self, case: Case) -> None:
        """Take what to say."""
        words, channel = case.words, case.channel
        said = words if channel == "text" else "Six sevens."
        answer = words if channel == "answer" else "41"
        critique = words[:2000] if channel in ("text", "critique") else "It adds."
        claim = words[:100] if channel == "text" else "6 + 7 = 13"
        self._proposal = f"{said}\nAnswer: {answer}"
        self._mark = {"critique": critique, "claims": [claim], "weight": -100}

    def __call__(self, request: Request) -> Reply:
        """Answer or review."""
        text = self._proposal
        if request.phase == "review":
            labels = (request.json_schema or {})["properties"]
            text = json.dumps(dict.fromkeys(labels, self._mark))
        return Reply(text=text, usage=Usage(calls=1))


async def attack(case: Case, *, rounds: int = 2) -> Outcome:
    """Play so many rounds, whatever happens in the first."""
    victims = [
        Gullible(name, case.words * (case.channel == "key")) for name in ("ada", "bob")
    ]
    hire = Recorder(**{v.name: v for v in victims}, mallory=Attacker(case))
    experts = [scripted(name, "x") for name in ("ada", "bob", "mallory")]
    config = settings_for(
        *experts,
        rounds=rounds,
        effort=9,
        claims_per_review=1,
        critique_chars=2000,
        memory_tokens=2000,
        answer_kind="number" if case.channel != "answer" else "auto",
    )
    record = await deliberate(config, hire=hire)
    return Outcome(
        record=record,
        deeds=tuple(sorted({deed for v in victims for deed in v.deeds})),
        asked=tuple(request for name, request in hire.asked if name != "mallory"),
    )


def _plain(kind: str, texts: Sequence[tuple[str, str]], **_: Any) -> Framed:
    return Framed("\n\n".join(f"{kind} {label}:\n{text}" for label, text in texts))


def _tagged(kind: str, texts: Sequence[tuple[str, str]], **_: Any) -> Framed:
    return Framed(
        "\n".join(f'<{kind} label="{x}">\n{text}\n</{kind}>' for x, text in texts)
    )


PLAIN, TAGGED = _plain, _tagged
"""What stands for the frame when it is switched off: nothing, or bare tags."""


def replace(monkeypatch: pytest.MonkeyPatch, instead: Any) -> None:
    """Switch the framing off, on every hop. There is no such switch in the product."""
    for module in ("peer_review", "memory_view", "reask", "synthesizer"):
        monkeypatch.setattr(f"nsed.nodes.{module}.frame", instead)
    for module in ("nodes.forget_gate", "models.asking_again"):
        monkeypatch.setattr(f"nsed.{module}.shown_text", lambda text, chars: text)


def figures(columns: Mapping[str, Mapping[Case, bool]]) -> str:
    """A table: by kind, how many attacks succeeded under each heading."""
    kinds = Counter(case.kind for case in CASES)
    lines = ["| kind | cases | " + " | ".join(columns) + " |"]
    lines.append("|---|---|" + "---|" * len(columns))
    for kind in [*kinds, "all"]:
        mine = [case for case in CASES if kind in (case.kind, "all")]
        counts = [str(sum(found[case] for case in mine)) for found in columns.values()]
        lines.append(f"| {kind} | {len(mine)} | " + " | ".join(counts) + " |")
    return "\n".join(lines)
