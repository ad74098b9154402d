"""What a chat model is made of, as plain data: to be written down, and for traces."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from nsed.state.context import DeliberationConfig

__all__ = ["plain", "traits"]


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments with configurations as what was said of them."""
    return {name: _plain(value) for name, value in given.items()}


def traits(config: DeliberationConfig) -> dict[str, Any]:
    """What decides the answers: no URLs and no names of keys are in it."""
    knobs = config.model_dump(mode="json", exclude_defaults=True, exclude={"experts"})
    models = {e.name: e.model or e.model_class or e.provider for e in config.experts}
    return {"experts": models, "knobs": knobs}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    return value
