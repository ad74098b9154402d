"""An expert as configured: one model with a name, prices and limits. Plain data."""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nsed.protocol.usage import Prices
from nsed.state.sizes import Size

__all__ = ["BallotMethod", "ExpertConfig", "Licence", "Provider", "Script"]

Provider = Literal["embedded", "openai", "langchain", "community", "scripted"]
BallotMethod = Literal["json_schema", "tools", "json_mode", "text"]
Licence = Literal["open", "restricted", "proprietary"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class Script(BaseModel):
    """What a scripted expert says: for tests and demonstrations without a model."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    proposals: tuple[str, ...] = Field(default=(), max_length=64)
    """Its answer of round 1, 2, …; the last one is repeated."""

    weights: dict[str, int] = Field(default_factory=dict)
    """As reviewer: the weight, in [-100, 100], of a candidate whose text contains the
    key; the first key that fits counts, and none gives 0."""

    critique: str = Field(default="No error found.", max_length=400)
    """What it writes about every candidate."""

    synthesis: str | None = None
    """As synthesizer: the final text; None: its answer of the round."""

    structured: str | None = None
    """What it writes when it is asked to put an answer into a form; None: as if it
    were the synthesizer."""

    fails: Literal["propose", "review", "synthesize", "always"] | None = None
    """When it answers with an error instead, as a server that is down."""


class ExpertConfig(BaseModel):
    """One model that may take part."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    name: str = Field(pattern=NAME)
    """Unique name, used in records and tables; models never see it."""

    provider: Provider = "openai"
    """`embedded`: local weights; `openai`: any OpenAI-compatible URL; `langchain` and
    `community`: a LangChain chat model class; `scripted`: no model at all."""

    model: str = Field(default="", max_length=300)
    """Model id at the provider; for `embedded` a weight's name or a path to a GGUF."""

    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Root of an OpenAI-compatible API, usually ending in `/v1`."""

    hedge_base_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Root of a second API that serves the same model, asked with the same key; used
    when the first one takes long and `hedge_after_s` is set."""

    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of the environment variable that holds the key. Never the key itself."""

    api_key_file: str | None = Field(default=None, min_length=1, max_length=4096)
    """Path of a file that holds the key, such as a mounted secret; instead of
    `api_key_env`."""

    model_class: str | None = None
    """For `langchain`: `package.module:Class`. For `community`: the class name."""

    model_kwargs: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Further constructor arguments of `model_class`."""

    family: str | None = Field(default=None, max_length=64)
    """Model family; members of one family tend to make the same errors."""

    params_b: float | None = Field(default=None, gt=0, le=100_000)
    """Parameters in billions; leave out if unknown."""

    licence: Licence | None = None
    """What its weights allow: `open` (free to use), `restricted` (open with strings
    attached), `proprietary` (a provider's only); leave out if unknown."""

    host: str | None = Field(default=None, min_length=1, max_length=64)
    """Machine whose memory the model occupies; None is elsewhere: a provider's."""

    vram_bytes: Size | None = None
    """Memory it occupies there, in bytes or as text such as `6GB`; once for a host,
    however many seats it has."""

    server: str | None = Field(default=None, min_length=1, max_length=300)
    """Name of the server that answers, where several experts share one and its
    `concurrency`; by default the URL and the model."""

    usd_per_mtok_input: float | None = Field(default=None, ge=0)
    """USD per million input tokens; leave out if unknown, 0 means free."""

    usd_per_mtok_cached_input: float | None = Field(default=None, ge=0)
    """USD per million input tokens served from the provider's cache."""

    usd_per_mtok_output: float | None = Field(default=None, ge=0)
    """USD per million output tokens."""

    price_source: str | None = Field(default=None, max_length=100)
    """Where the prices come from, such as `genai-prices 0.2.3`; None: the user."""

    context_tokens: int = Field(default=32_768, ge=512, le=10_000_000)
    """Longest prompt plus answer, in tokens."""

    answer_tokens: int | None = Field(default=None, ge=16, le=200_000)
    """Most output tokens of its proposals, if less than the run allows."""

    concurrency: int = Field(default=4, ge=1, le=1024)
    """Most simultaneous calls to this expert's server."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    """Sampling temperature; None leaves the provider's default."""

    few_shot: bool = False
    """Send worked examples as earlier turns. Helps models below about 3B a lot."""

    ballots: BallotMethod | Literal["auto"] = "auto"
    """How this endpoint is made to answer in JSON; `auto` finds out and remembers."""

    skill: dict[str, float] = Field(default_factory=dict)
    """Probability, in (0, 1), that its unaided answer is right, per task category;
    `general` is the fallback. Unknown if left out."""

    tags: tuple[str, ...] = ()
    """What it is good at: `math`, `code`, `de`, …"""

    script: Script | None = None
    """For `scripted`: what it says."""

    @property
    def prices(self) -> Prices:
        """Its prices; unknown ones stay unknown."""
        return Prices(
            self.usd_per_mtok_input,
            self.usd_per_mtok_cached_input,
            self.usd_per_mtok_output,
        )

    @property
    def replica(self) -> "ExpertConfig | None":
        """The same model at its second URL; None if it has none."""
        if self.hedge_base_url is None:
            return None
        there = {"base_url": self.hedge_base_url, "hedge_base_url": None}
        return self.model_copy(update={**there, "server": None})

    @property
    def endpoint(self) -> str:
        """What its learned abilities belong to: URL and model."""
        return f"{self.provider}:{self.base_url or self.model_class or ''}:{self.model}"

    @property
    def server_key(self) -> str:
        """What its concurrency limit belongs to: the server, else the endpoint."""
        return self.server or self.endpoint

    @property
    def identity(self) -> str:
        """What telemetry knows it by: another model under its name is another one."""
        digest = hashlib.sha256(self.endpoint.encode("utf-8", "replace")).hexdigest()
        return f"{self.name}@{digest[:8]}"

    def skill_for(self, category: str) -> float | None:
        """Skill in a category, else in general, else None."""
        return self.skill.get(category, self.skill.get("general"))

    @model_validator(mode="after")
    def _complete(self) -> "ExpertConfig":
        needs = {
            "embedded": ("model",),
            "openai": ("model",),
            "langchain": ("model_class",),
            "community": ("model_class",),
            "scripted": ("script",),
        }[self.provider]
        missing = [key for key in needs if not getattr(self, key)]
        if missing:
            msg = (
                f"expert {self.name!r}: provider {self.provider!r} needs {missing[0]!r}"
            )
            raise ValueError(msg)
        if self.api_key_env and self.api_key_file:
            msg = f"expert {self.name!r}: give api_key_env or api_key_file, not both"
            raise ValueError(msg)
        bad = [f"{c}={p}" for c, p in self.skill.items() if not 0 < p < 1]
        if bad:
            msg = f"expert {self.name!r}: skill must be between 0 and 1, found {bad[0]}"
            raise ValueError(msg)
        return self
