"""What one call may choose: a list of its own, so that nothing else can be chosen."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nsed.call_settings import adjusted
from nsed.config.settings import Settings
from nsed.protocol.answer_key import AnswerKind
from nsed.protocol.consensus import Rule
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig

__all__ = ["CallOptions"]

_ADJUSTED = ("answer_tokens", "seed", "temperature", "deadline_s")


class CallOptions(BaseModel):
    """The options of one call; None leaves a thing as the configuration has it.

    Experts, endpoints, files, keys and places are not among them.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    preset: Annotated[str, Field(max_length=64)] | None = None
    """A preset of the configuration: `fast`, `deep`, or one of its own."""
    rounds: Annotated[int, Field(ge=1, le=20)] | None = None
    """Most rounds of propose and review."""
    rule: Rule | None = None
    """Voting rule that decides."""
    gamma: Annotated[float, Field(ge=0, le=1)] | None = None
    """Memory kept from round to round: 0 the last one only, 1 all."""
    effort: Annotated[float, Field(gt=0, le=10)] | None = None
    """Share of the evidence to collect before stopping."""
    answer_kind: AnswerKind | None = None
    """What a canonical answer is here."""
    category: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Kind of task, to look up the experts' skill."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Decides labels, orders and assignments."""
    answer_tokens: Annotated[int, Field(ge=16, le=200_000)] | None = None
    """Most output tokens of one proposal; a lower limit stays."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Of every expert."""
    budget_usd: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """Cap in US dollars; needs known prices. A lower cap stays."""
    deadline_s: Annotated[float, Field(gt=0, le=864_000)] | None = None
    """Wall-clock seconds of the run; an earlier deadline stays."""

    def settled(self, settings: Settings) -> DeliberationConfig:
        """Put the options on top of the configuration.

        Raises:
            ConfigError: They do not go together, or every round would wait for a user
                who has no way to decide here.
        """
        given = self.model_dump(exclude_none=True)
        preset, budget = given.pop("preset", None), given.pop("budget_usd", None)
        changes = {key: given.pop(key) for key in _ADJUSTED if key in given}
        config = settings.config(preset=preset, options=given)
        if config.human_review:
            raise ConfigError(
                "human_review: nobody can decide here; take it out of the configuration"
            )
        return adjusted(config, max_usd=budget, **changes)
