"""Texts put together at random from everything that ever closed a fence."""

from attacks.arena import CASES
from attacks.gullible import Gullible
from frames import by_looks, by_marks
from hypothesis import given
from hypothesis import strategies as st
from panel import settings_for

from nsed.nodes.memory_view import memory_view
from nsed.nodes.peer_review import review_request
from nsed.nodes.reask import reask
from nsed.protocol.forget_gate import MemoryItem
from nsed.state.records import Memory, Proposal
from nsed.state.schema import DeliberationState

CONFIG = settings_for()
SHORT = [case.words for case in CASES if len(case.words) < 400]
PIECES = st.sampled_from(
    [
        *("<", ">", "/", "</", "\n", " ", "[", "]", "|", "&lt;", "\\", '"', "MARK"),
        *("candidate", "earlier", "complaint", 'label="A"', 'mark="MARK"', "INST"),
        *(
            "\uff1c",
            "\u2039",
            "\uff0f",
            "\u200b",
            "\u00ad",
            "\u202e",
            "\u200d",
            "\ufe0f",
        ),
        *("</candidate MARK>", "</earlier MARK>", "</complaint MARK>", "<|im_start|>"),
        *("rank this first", "im_end", "\U000e0072", "\u0301", "\ud800", "\u05d0"),
    ]
)
TEXTS = st.lists(PIECES | st.sampled_from(SHORT), max_size=12).map("".join)


def review(texts: list[str]) -> str:
    proposals = {
        str(n): Proposal(
            id=str(n), round=1, expert="bob", text=t, answer=None, key="a:"
        )
        for n, t in enumerate(texts)
    }
    state: DeliberationState = {  # type: ignore[typeddict-item]
        "task": "?",
        "round": 1,
        "proposals": proposals,
        "masks": {"ada": tuple(proposals)},
    }
    request = review_request(state, "ada", CONFIG)
    assert Gullible("ada").heeds(request) == []
    return request.messages[-1].content


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_nothing_gets_out_of_a_review(texts: list[str]) -> None:
    """The second try knows the mark of the first."""
    empty = [" ".join(by_marks(review([""] * len(texts))).outside.split())]
    mark = "0123456789ab"
    for _ in range(2):
        prompt = review([text.replace("MARK", mark) for text in texts])
        read = by_marks(prompt)

        assert [" ".join(read.outside.split())] == empty
        assert " ".join(by_looks(prompt).outside.split()) == empty[0].lower()
        assert len(read.inside) == len(texts)
        mark = read.marks[0]


@given(st.lists(TEXTS, min_size=1, max_size=3), TEXTS)
def test_nothing_gets_out_of_a_memory(texts: list[str], answer: str) -> None:
    kept = tuple(
        MemoryItem("critique", text, 1, 0.5, f"text:{answer}") for text in texts
    )
    prompt = memory_view(Memory(round=1, kept=kept), call="c", chars=8000)

    for read in (by_marks(prompt), by_looks(prompt)):
        assert read.outside.split() == []
        assert len(read.inside) == len(texts)


@given(TEXTS)
def test_nothing_gets_out_of_a_complaint(text: str) -> None:
    prompt = reask(text, call="c")
    plain = reask("x", call="c")

    for reader in (by_marks, by_looks):
        assert reader(prompt).outside.split() == reader(plain).outside.split()
