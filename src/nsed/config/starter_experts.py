"""Experts for what `nsed init` found: one a model, nothing made up."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nsed.brokers.catalogue import family_of
from nsed.config.found import Found, FoundKey
from nsed.models.local_servers import LocalServer
from nsed.models.model_listing import ServedModel
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

__all__ = ["Starter", "Starters"]

_NAME_CHARS = 48
_SMALL_B = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """An expert to write down."""

    config: ExpertConfig
    active: bool = True
    """Whether it takes part; else it stands in comments."""


class Starters:
    """Makes them, each with a name of its own."""

    def __init__(self) -> None:
        """Start with the names of the built-in pool taken."""
        self._taken = {expert.name for expert in EMBEDDED_ROSTER}

    def served(self, server: LocalServer) -> Iterator[Starter]:
        """One for each model of a server on this machine that writes answers."""
        place = server.product.lower().replace(" ", "-").replace("a-server", "local")
        shared = {"server": self._server_name(place)} if len(server.models) > 1 else {}
        for model in server.models:
            if model.writes:
                yield Starter(
                    config=_expert(
                        name=self._name(model.id, place),
                        model=model.id,
                        base_url=server.base_url,
                        params_b=model.params_b,
                        few_shot=True if _is_small(model) else None,
                        **shared,
                        usd_per_mtok_input=0,
                        usd_per_mtok_output=0,
                        context_tokens=model.context_tokens,
                        concurrency=server.concurrency,
                    )
                )

    def hosted(self, key: FoundKey, wanted: Collection[str]) -> Iterator[Starter]:
        """One for each model that a provider lists; those wanted take part."""
        for model in key.listing.models if key.listing else ():
            if model.writes or model.id in wanted:
                yield Starter(
                    config=_expert(
                        name=self._name(model.id, key.provider.name),
                        model=model.id,
                        base_url=key.provider.base_url,
                        api_key_env=key.variable,
                        context_tokens=model.context_tokens,
                    ),
                    active=model.id in wanted,
                )

    def embedded(self, found: Found) -> Iterator[Starter]:
        """One for each of the weights here, unless the built-in pool is whole."""
        built_in = {expert.model: expert for expert in EMBEDDED_ROSTER}
        whole = built_in.keys() <= set(found.weights)
        for weight in found.weights:
            if whole and weight in built_in:
                continue  # `include_embedded` brings it
            known = built_in.get(weight)
            settings = (
                known.model_dump(exclude_unset=True, exclude={"name", "model_kwargs"})
                if known
                else {
                    "provider": "embedded",
                    "model": weight,
                    "context_tokens": 4096,
                    "answer_tokens": 256,
                    "concurrency": 1,
                    "few_shot": True,
                    "usd_per_mtok_input": 0,
                    "usd_per_mtok_output": 0,
                }
            )
            expert = _expert(name=self._name(weight, "embedded"), **settings)
            yield Starter(config=expert)

    def _name(self, model: str, place: str) -> str:
        """A short name that nobody has."""
        last = re.split(r"[/\\]", model.removesuffix(":latest"))[-1]
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", last.removesuffix(".gguf"))
        plain = plain.strip("._-")[:_NAME_CHARS].strip("._-") or place
        return _free(plain, (f"{plain}-{place}",), self._taken)

    def _server_name(self, place: str) -> str:
        return _free(f"{place} server", (), self._taken)


def _free(name: str, others: Iterable[str], taken: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in range(2, 10_000))
    chosen = next(n for n in (name, *others, *numbered) if n not in taken)
    taken.add(chosen)
    return chosen


def _is_small(model: ServedModel) -> bool:
    """Whether worked examples will help it a lot."""
    return model.params_b is not None and model.params_b < _SMALL_B


def _expert(**settings: Any) -> ExpertConfig:  # noqa: ANN401 - checked here
    """Make one of what is known; its family where that is more than its own name."""
    known = {key: value for key, value in settings.items() if value is not None}
    expert = ExpertConfig.model_validate(known)
    family = family_of(expert)
    if expert.family or family == expert.name:
        return expert
    return expert.model_copy(update={"family": family})
