"""The ballot as a form: the schema a server enforces, and the lenient reader."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    create_model,
)

from nsed.models.structured_reply import read_object
from nsed.protocol.errors import ExpertError
from nsed.state.records import Mark

__all__ = ["ballot_example", "ballot_schema", "ballot_tokens", "read_marks"]

CLAIM_CHARS = 120


def _no_truth_value(found: object) -> object:
    if isinstance(found, bool):  # pydantic would read 1 and 0
        msg = "a weight is a number from -100 to 100"
        raise ValueError(msg)  # noqa: TRY004 - pydantic takes ValueErrors
    return found


class _MarkForm(BaseModel):
    critique: str = ""
    weight: Annotated[
        float,
        BeforeValidator(_no_truth_value),
        Field(ge=-100, le=100, allow_inf_nan=False),
    ]
    claims: tuple[str, ...] = ()


class _BallotForm(RootModel[dict[str, _MarkForm]]):
    pass


@lru_cache(maxsize=256)
def ballot_schema(labels: Sequence[str], *, chars: int, claims: int) -> dict[str, Any]:
    """JSON schema of a ballot over these labels, critique before weight.

    Strings are bounded and weights are integers in [-100, 100], which is what
    servers enforce; float ranges they do not.
    """
    closed = ConfigDict(extra="forbid")
    text = Annotated[str, Field(max_length=chars)]
    weight = Annotated[int, Field(ge=-100, le=100)]
    fields: dict[str, Any] = {"critique": (text, ...)}
    if claims:
        claim = Annotated[str, Field(max_length=CLAIM_CHARS)]
        fields["claims"] = (Annotated[list[claim], Field(max_length=claims)], ...)
    fields["weight"] = (weight, ...)
    mark = create_model("Mark", __config__=closed, **fields)
    form: dict[str, Any] = dict.fromkeys(labels, (mark, ...))
    ballot: type[BaseModel] = create_model("Ballot", __config__=closed, **form)
    return ballot.model_json_schema()


def ballot_example(labels: Sequence[str], *, claims: int) -> str:
    """The empty form, to show in the prompt."""
    middle = '"claims": ["..."], ' if claims else ""
    marks = (f'"{x}": {{"critique": "...", {middle}"weight": 0}}' for x in labels)
    return "{" + ", ".join(marks) + "}"


def ballot_tokens(candidates: int, *, chars: int, claims: int) -> int:
    """Output tokens that hold the longest ballot: one a character, and the form."""
    return 32 + candidates * (64 + chars + claims * (CLAIM_CHARS + 8))


def read_marks(
    text: str, *, chars: int, claims: int, truncated: bool = False
) -> tuple[dict[str, Mark], bool]:
    """Read what a reviewer wrote, by label, and whether it had to be repaired.

    Weights are rounded to integers, long texts cut to the form's bounds. A ballot that
    was cut off is not repaired: `8` may have been the beginning of `80`.

    Raises:
        ExpertError: `malformed`, `empty` or `truncated`.
    """
    form, repaired = read_object(text, _BallotForm)
    if truncated and repaired:
        raise ExpertError("truncated", "the ballot was cut off before its end")
    if not form.root:
        raise ExpertError("malformed", "the ballot marks no candidate")
    marks = {
        label.strip(): Mark(
            critique=mark.critique[:chars],
            weight=round(mark.weight),
            claims=tuple(c[:CLAIM_CHARS] for c in mark.claims[:claims]),
        )
        for label, mark in form.root.items()
    }
    return marks, repaired
