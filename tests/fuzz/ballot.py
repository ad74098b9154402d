"""Any reply, read as a ballot: an `ExpertError` of three kinds, or bounded marks."""

import json

from nsed.models.base import Reply
from nsed.nodes.ballot_form import CLAIM_CHARS, read_marks
from nsed.nodes.peer_review import read_ballot
from nsed.protocol.errors import ExpertError
from nsed.protocol.identity_mask import label
from nsed.protocol.usage import Usage
from nsed.state.context import DeliberationConfig
from nsed.state.records import Ballot, Mark

__all__ = ["check_reply", "one_input", "text_of"]

KINDS = ("malformed", "empty", "truncated")
MOST_COMPLAINT = 2000
"""Bytes of what is said about a reply: it is quoted back at the model."""
_CONFIG = DeliberationConfig()


def one_input(data: bytes) -> None:
    """Two bytes choose the form's bounds, the rest is the reply."""
    first, second = (*data[:2], 0, 0)[:2]
    check_reply(
        text_of(data[2:]), chars=20 + first, claims=second % 9, shown=1 + second // 36
    )


def text_of(data: bytes) -> str:
    """Bytes as text, lone surrogates and all; every sequence of bytes is some text."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def check_reply(text: str, *, chars: int, claims: int, shown: int) -> None:
    """Hold what is made of one reply to what is promised."""
    config = _CONFIG.model_copy(
        update={"critique_chars": chars, "claims_per_review": claims}
    )
    try:
        marks, repaired = read_marks(text, chars=chars, claims=claims)
    except ExpertError as error:
        _check_complaint(error)
        for cut in (False, True):
            assert _ballot(text, config, shown, truncated=cut) is None
        return
    assert marks
    assert type(repaired) is bool
    for name, mark in marks.items():
        assert name == name.strip()
        name.encode()
        _check_mark(mark, chars, claims)
    _check_written_again(marks, chars, claims)
    _check_ballot(_ballot(text, config, shown, truncated=False), marks, shown)
    if repaired:  # `8` may have been the beginning of `80`
        assert _ballot(text, config, shown, truncated=True) is None


def _check_mark(mark: Mark, chars: int, claims: int) -> None:
    assert type(mark.weight) is int
    assert -100 <= mark.weight <= 100
    assert len(mark.critique) <= chars
    assert len(mark.claims) <= claims
    assert all(len(claim) <= CLAIM_CHARS for claim in mark.claims)
    "".join([mark.critique, *mark.claims]).encode()  # no half of a surrogate pair


def _check_written_again(marks: dict[str, Mark], chars: int, claims: int) -> None:
    """What was understood, said in plain JSON, is understood the same."""
    plain = {
        name: {"critique": m.critique, "claims": m.claims, "weight": m.weight}
        for name, m in marks.items()
    }
    said = json.dumps(plain).replace("<", "\\u003c")  # or it could hold <think>
    if len(said) < 200_000:
        assert read_marks(said, chars=chars, claims=claims) == (marks, False)


def _ballot(
    text: str, config: DeliberationConfig, shown: int, *, truncated: bool
) -> Ballot | None:
    ids = tuple(f"r1.expert{number}" for number in range(shown))
    reply = Reply(text, Usage(), truncated=truncated)
    try:
        return read_ballot(reply, "ada", 1, ids, config)
    except ExpertError as error:
        _check_complaint(error, truncated=truncated)
        return None


def _check_ballot(ballot: Ballot | None, marks: dict[str, Mark], shown: int) -> None:
    labels = [label(number) for number in range(shown)]
    known = {name: mark.weight for name, mark in marks.items() if name in labels}
    if ballot is None:
        assert not known
        return
    ids = [ballot.shown[labels.index(name)] for name in known]
    assert ballot.weights == dict(zip(ids, known.values(), strict=True))
    assert ballot.written == marks
    assert set(ballot.dropped_labels) == marks.keys() - known.keys()
    assert Ballot.model_validate_json(ballot.model_dump_json()) == ballot


def _check_complaint(error: ExpertError, *, truncated: bool = False) -> None:
    assert error.kind in KINDS
    assert truncated or error.kind != "truncated"
    assert 0 < len(str(error).encode()) <= MOST_COMPLAINT
