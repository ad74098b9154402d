"""Foreign text in a whole run: every channel, every hop, every role."""

import json
import re
from typing import Any

from frames import by_marks
from panel import Recorder, deliberate, settings_for

from nsed.models.base import Reply, Request
from nsed.models.scripted import scripted
from nsed.nodes.prompt import PROMPTS
from nsed.protocol.usage import Usage

CHANNELS = ("text", "answer", "critique", "claim", "key", "cut")
"""Where a model can write: a proposal, its short answer, the parts of a ballot, a key
of one that cannot be read, and an answer that was cut off."""
SAYS = re.compile(r"zq-([a-z]+)-(\w+)-r(\d)")


def word(channel: str, expert: str, request: Request) -> str:
    return f"zq-{channel}-{expert}-r{request.round}"


class Talker:
    """Says who wrote what in which channel; its first tries fail on purpose."""

    def __init__(self, name: str) -> None:
        self.name, self.calls = name, 0

    def __call__(self, request: Request) -> Reply:
        self.calls += 1
        say = {c: word(c, self.name, request) for c in CHANNELS}
        if request.phase == "synthesize":
            return reply(f"{say['text']}\nAnswer: {say['answer']}")
        again = request.messages[-1].role == "user" and len(request.messages) > 2
        if request.phase == "propose":
            if not again:
                return reply(f"{say['cut']} and so on", truncated=True)
            return reply(f"{say['text']}\nAnswer: {say['answer']}")
        labels = list((request.json_schema or {})["properties"])
        mark = {"critique": say["critique"], "claims": [say["claim"]], "weight": 5}
        if not again:
            return reply(json.dumps({say["key"]: {**mark, "weight": "high"}}))
        return reply(json.dumps(dict.fromkeys(labels, mark)))


def reply(text: str, **more: Any) -> Reply:
    return Reply(text=text, usage=Usage(calls=1), **more)


async def heard() -> list[tuple[str, Request]]:
    experts = [scripted(name, "x") for name in ("ada", "bob", "cy")]
    hire = Recorder(**{e.name: Talker(e.name) for e in experts})
    config = settings_for(
        *experts,
        rounds=3,
        effort=9,
        claims_per_review=1,
        memory_tokens=4000,
        retry_budget=9,
        synthesizer="cy",
    )
    # New answers in every round, so that nothing but the round limit ends it.
    record = await deliberate(config, hire=hire, task="Name a word.")
    assert record.verdict.rounds == 3
    assert record.verdict.absences == ()
    return hire.asked


async def test_every_channel_is_framed_on_every_hop() -> None:
    inside: set[tuple[int, str, str]] = set()
    for name, request in await heard():
        for message in request.messages:
            read = by_marks(message.content)
            if message.role == "system":
                assert message.content == PROMPTS["system"]
            elif message.role == "user":
                assert not SAYS.search(read.outside)
                assert not any(SAYS.search(label) for label, _ in read.inside)
            else:  # a turn of the model's own: its own words and nobody else's
                assert {said[1] for said in SAYS.findall(message.content)} == {name}
            if message.role != "assistant":
                inside |= {
                    (request.round, request.phase, said[0])
                    for _, text in read.inside
                    for said in SAYS.findall(text)
                }
    # What is cut off is put before the answer, so it is part of the proposal.
    proposal = {"text", "answer", "cut"}
    assert inside == {
        *((r, "review", c) for r in (1, 2, 3) for c in {*proposal, "key"}),
        *((r, "propose", c) for r in (2, 3) for c in {*proposal, "critique", "claim"}),
        *((3, "synthesize", c) for c in {*proposal, "critique"}),
    }


async def test_every_block_of_a_call_has_the_calls_own_mark() -> None:
    marks: dict[str, str] = {}
    for name, request in await heard():
        for message in request.messages:
            for mark in by_marks(message.content).marks:
                call = f"{name} {request.phase} {request.round}"
                asked_again = "That reply cannot be used" in message.content
                call += " again" * asked_again
                assert marks.setdefault(mark, call) == call
    # Two reviews of a round fence different texts; proposers read the same memory.
    assert len(marks) == len(set(marks.values())) == 3 * 3 * 2 + 3 * 2 + 1


async def test_the_same_run_gives_the_same_prompts() -> None:
    def prompts(asked: list[tuple[str, Request]]) -> list[str]:
        return sorted(f"{name} {request.messages}" for name, request in asked)

    assert prompts(await heard()) == prompts(await heard())
