"""Every place of every prompt, and whose words may stand in it."""

from string import Template

import pytest
from frames import by_marks
from panel import settings_for

from nsed.nodes.peer_review import review_request
from nsed.nodes.peer_text import frame
from nsed.nodes.prompt import PLACES, PROMPTS, fill
from nsed.nodes.proposer import propose_request
from nsed.nodes.reask import reask
from nsed.nodes.synthesizer import synthesize_request
from nsed.protocol.forget_gate import MemoryItem
from nsed.state.records import Ballot, Mark, Memory, Proposal
from nsed.state.schema import DeliberationState

WALKED = {
    ("propose", "task"): "user",
    ("propose_again", "memory"): "foreign",
    ("propose_again", "task"): "user",
    ("reask", "complaint"): "foreign",
    ("review", "candidates"): "foreign",
    ("review", "form"): "ours",
    ("review", "task"): "user",
    ("review_few_shot", "candidates"): "foreign",
    ("review_few_shot", "task"): "user",
    ("user_notes", "notes"): "user",
    ("structure", "schema"): "user",
    ("structure", "task"): "user",
    ("structure", "work"): "foreign",
    ("synthesize", "task"): "user",
    ("synthesize", "work"): "foreign",
}
"""Written by hand: whoever adds a place says here, too, whose words it takes."""
FIXED = {"finish", "propose_examples", "review_examples", "synthesize_again", "system"}
"""Prompts without any place. The system's is one of them."""
SEEN = "zq"
"""Begins every foreign text below, and nothing else."""


def found() -> dict[tuple[str, str], str]:
    return {
        (name, place): PLACES[place]
        for name, text in PROMPTS.items()
        for place in Template(text).get_identifiers()
    }


def test_every_place_of_every_prompt_is_classified() -> None:
    assert found() == WALKED
    assert set(PLACES) == {place for _, place in WALKED}
    assert set(PROMPTS) - {name for name, _ in WALKED} == FIXED


@pytest.mark.parametrize(("name", "place"), WALKED)
def test_a_foreign_place_takes_framed_text_and_no_other_does(
    name: str, place: str
) -> None:
    framed = frame("candidate", [("A", "x")], call="c", chars=999)
    values: dict[str, str] = {
        other: framed if whose == "foreign" else "x"
        for (prompt, other), whose in WALKED.items()
        if prompt == name
    }
    assert "$" not in fill(name, **values)

    values[place] = str(framed) if WALKED[name, place] == "foreign" else framed
    with pytest.raises(TypeError, match=rf"\${place} of prompt '{name}' takes"):
        fill(name, **values)


def test_a_place_nobody_classified_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROMPTS, "new", "Look: $surprise")

    with pytest.raises(KeyError, match="surprise"):
        fill("new", surprise="x")


def test_no_prompt_but_the_framed_places_opens_a_block() -> None:
    """The worked examples show blocks, as turns of ours."""
    for name, text in PROMPTS.items():
        assert ("mark=" in text) == (name == "review_examples")


def state() -> DeliberationState:
    """One in which every foreign text begins with SEEN."""
    proposal = Proposal(
        id="r1-a", round=1, expert="bob", text=f"{SEEN} 1", answer=None, key="number:1"
    )
    kept = (
        MemoryItem("proposal", f"{SEEN} 2", 1, 0.5, "number:2"),
        MemoryItem("critique", f"{SEEN} 3", 1, 0.5, f"text:{SEEN} 4"),
        MemoryItem("claim", f"{SEEN} 5", 1, 0.5, f"text:{SEEN} 6"),
    )
    other = proposal.model_copy(update={"id": "r1-b", "text": f"{SEEN} 8"})
    ballot = Ballot(
        round=1,
        reviewer="ada",
        shown=("r1-a",),
        written={"A": Mark(critique=f"{SEEN} 9", weight=5)},
        weights={"r1-a": 5},
    )
    found: DeliberationState = {  # type: ignore[typeddict-item]
        "task": "What is 6 * 7?",
        "round": 1,
        "proposals": {"r1-a": proposal, "r1-b": other},
        "masks": {"ada": ("r1-a",)},
        "memories": {"1": Memory(round=1, kept=kept)},
        "candidates": ("r1-a", "r1-b"),
        "ballots": {"r1.ada": ballot},
    }
    return found


@pytest.mark.parametrize("few_shot", [False, True])
def test_no_request_we_write_holds_foreign_text_outside_its_blocks(
    few_shot: bool,
) -> None:
    config = settings_for()
    config = settings_for(
        *(e.model_copy(update={"few_shot": few_shot}) for e in config.experts)
    )
    requests = [
        propose_request(state(), "ada", config, 1),
        propose_request(state(), "ada", config, 2),
        review_request(state(), "ada", config),
        synthesize_request(state(), state()["proposals"]["r1-a"], "ada", config),
    ]
    prompts = [request.messages[-1].content for request in requests]
    prompts.append(reask(f"{SEEN} 7", call="c"))

    for prompt, texts in zip(prompts, ((), "23456", "1", "189", "7"), strict=True):
        read = by_marks(prompt)
        assert SEEN not in read.outside
        assert all(f"{SEEN} {n}" in str(read.inside) for n in texts)
        assert not any(SEEN in label for label, _ in read.inside)
    for request in requests:
        system, *examples, _ = request.messages
        assert (system.role, system.content) == ("system", PROMPTS["system"])
        assert {message.role for message in examples} <= {"user", "assistant"}
        assert SEEN not in "".join(message.content for message in examples)
