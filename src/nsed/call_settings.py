"""What one call asks for on top of the configuration: the words of chat clients."""

from typing import Any

from pydantic import ValidationError

from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig

__all__ = ["adjusted"]


def adjusted(
    config: DeliberationConfig,
    *,
    answer_tokens: int | None = None,
    temperature: float | None = None,
    seed: int | None = None,
    max_usd: float | None = None,
    deadline_s: float | None = None,
) -> DeliberationConfig:
    """The configuration with what one call asks for; None leaves a thing as it is.

    A call may lower caps and limits that the configuration sets, never raise them.

    Args:
        config: What holds for all calls.
        answer_tokens: Most output tokens of one proposal; a lower limit stays.
        temperature: Of every expert, in [0, 2].
        seed: Decides labels, orders and assignments.
        max_usd: Cap in US dollars.
        deadline_s: Wall-clock seconds of the run.

    Raises:
        ConfigError: A value is out of its range, or dollars are capped where a price
            is unknown.
    """
    change: dict[str, Any] = {}
    if answer_tokens is not None:
        change["answer_tokens"] = min(answer_tokens, config.answer_tokens)
    if temperature is not None:
        change["experts"] = [
            {**expert.model_dump(), "temperature": temperature}
            for expert in config.experts
        ]
    if seed is not None:
        change["seed"] = seed
    for name, cap in (("max_usd", max_usd), ("deadline_s", deadline_s)):
        if cap is not None:
            set_ = getattr(config, name)
            change[name] = cap if set_ is None else min(cap, set_)
    if not change:
        return config
    try:
        return DeliberationConfig.model_validate({**config.model_dump(), **change})
    except ValidationError as error:
        lines = (
            f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}"
            for one in error.errors()
        )
        raise ConfigError("\n".join(lines)) from error
