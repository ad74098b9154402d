"""Hiring: from an expert's configuration to an expert that can be asked.

The one place that reads keys and folders from the environment.
"""

import asyncio
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel
from platformdirs import user_cache_path

from nsed.models.api_key import header_safe, key_in_file
from nsed.models.base import Expert
from nsed.models.cached_expert import CachedExpert
from nsed.models.chat_model_expert import LADDER_OPENAI, LADDER_OTHER, ChatModelExpert
from nsed.models.embedded_expert import EmbeddedExpert
from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.endpoint import Abilities, Limits
from nsed.models.installed_weights import installed_weights, weight_of
from nsed.models.late_expert import LateExpert
from nsed.models.live_expert import as_configured
from nsed.models.live_openai import is_openai, on_this_loop
from nsed.models.model_class import chat_model_of, limit_field_of
from nsed.models.openai_endpoint import HttpClients, chat_openai
from nsed.models.reachability import unreachable
from nsed.models.response_cache import ResponseCache
from nsed.models.scripted import ScriptedExpert
from nsed.protocol.errors import ConfigError, WeightError
from nsed.state.expert_config import BallotMethod, ExpertConfig

__all__ = ["Hire", "api_key_of", "weight_of", "weights_cache", "weights_paths"]

Loop = asyncio.AbstractEventLoop


class Hire:
    """Makes experts, and owns what they share: clients, limits, local servers.

    An expert is made once an event loop; a `Hire` serves many runs at once. What is
    slow waits for the first question, or for `check`, and keeps off the loop.
    """

    def __init__(
        self,
        *,
        response_cache: Path | str | None = None,
        models: Mapping[str, BaseChatModel] | None = None,
    ) -> None:
        """Start without any expert; nothing is opened before it is needed.

        Args:
            response_cache: A file that keeps replies: who is asked again what he was
                asked before answers from it, at no cost. Scripted experts do not.
            models: Chat models by expert's name, asked in the place of its own; never
                out of the cache.
        """
        self._models = dict(models or {})
        self.pool = EmbeddedPool()
        self._clients = HttpClients()
        self._limits = Limits()
        self._abilities = Abilities()
        self._by_loop: WeakKeyDictionary[Loop, dict[str, Expert]] = WeakKeyDictionary()
        self._cache = ResponseCache(response_cache) if response_cache else None

    async def check(self, configs: Iterable[ExpertConfig]) -> None:
        """Make sure that every expert can be asked: key, model class, weights.

        Raises:
            ConfigError: Or `WeightError`, where nothing but weights is missing. Lists
                all problems, one a line.
        """
        problems: list[ConfigError | WeightError] = []
        if self._cache is not None:
            try:
                await self._cache.ready()
            except ConfigError as error:
                problems.append(error)
        for config in configs:
            try:
                await self._check(config)
            except (ConfigError, WeightError) as error:
                problems.append(error)
        if problems:
            lines = "\n".join(dict.fromkeys(map(str, problems)))
            only = all(isinstance(problem, WeightError) for problem in problems)
            raise WeightError(lines) if only else ConfigError(lines)

    def __call__(self, config: ExpertConfig) -> Expert:
        """Return the expert for a configuration. Needs a running event loop.

        A missing key, or a model class that does not load, is a `ConfigError` from
        `check`, or from the expert's first reply.
        """
        mine = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        key = config.model_dump_json()
        if key not in mine:
            made = self._make(config)
            live = config.name in self._models  # whose settings nobody knows
            if self._cache and not live and config.provider != "scripted":
                made = CachedExpert(made, self._cache, partial(_behind, config))
            mine[key] = made
        return mine[key]

    async def reachable(
        self,
        configs: Iterable[ExpertConfig],
        *,
        timeout_s: float = 2.0,
        patient_with: Collection[str] = (),
    ) -> dict[str, str]:
        """Say whose endpoint is gone: by name, the cause.

        Only URLs are asked, each once, all at one time, for their list of models.
        """
        return await unreachable(
            configs, api_key_of, self._clients, timeout_s, patient_with
        )

    async def aclose(self) -> None:
        """Close what belongs to the running loop, and end the local servers.

        A loop may be opened again afterwards; other loops' embedded experts are gone.
        """
        self._by_loop.pop(asyncio.get_running_loop(), None)
        await self._clients.aclose()
        pool, self.pool = self.pool, EmbeddedPool()
        await asyncio.to_thread(pool.close)
        if self._cache is not None:
            await self._cache.flush()

    async def _check(self, config: ExpertConfig) -> None:
        expert = self(config)
        if isinstance(expert, CachedExpert):
            expert = expert.inner
        if isinstance(expert, LateExpert):
            await expert.ready()
        if isinstance(expert, EmbeddedExpert):
            if await asyncio.to_thread(find_spec, "xllamacpp") is None:
                raise ConfigError("embedded models need: pip install 'nsed[local]'")
            await asyncio.to_thread(expert.weights)

    def _make(self, config: ExpertConfig) -> Expert:
        if (live := self._models.get(config.name)) is not None:
            return LateExpert(config, partial(self._live, config, live))
        if config.provider == "scripted":
            return ScriptedExpert(config)
        if config.provider == "embedded":
            return EmbeddedExpert(
                config=config,
                weights=partial(_weights_path, config),
                pool=self.pool,
                clients=self._clients,
                limits=self._limits,
                abilities=self._abilities,
            )
        make = self._endpoint if config.provider == "openai" else self._model_class
        return LateExpert(config, partial(make, config))

    async def _endpoint(self, config: ExpertConfig) -> Expert:
        api_key = await asyncio.to_thread(api_key_of, config)
        model, output_limit = await chat_openai(
            config, base_url=config.base_url, api_key=api_key, clients=self._clients
        )
        return ChatModelExpert(
            config=config,
            model=model,
            slot=lambda: self._limits.slot(config.server_key, config.concurrency),
            abilities=self._abilities,
            ladder=LADDER_OPENAI,
            output_limit=output_limit,
            secrets=(api_key,) if api_key else (),
        )

    async def _model_class(self, config: ExpertConfig) -> Expert:
        return self._asking(config, await asyncio.to_thread(chat_model_of, config))

    async def _live(self, config: ExpertConfig, live: BaseChatModel) -> Expert:
        model = await on_this_loop(as_configured(live, config), self._clients)
        ladder = LADDER_OPENAI if is_openai(live) else LADDER_OTHER
        return self._asking(config, model, ladder)

    def _asking(
        self,
        config: ExpertConfig,
        model: BaseChatModel,
        ladder: Sequence[BallotMethod] = LADDER_OTHER,
    ) -> Expert:
        return ChatModelExpert(
            config=config,
            model=model,
            slot=lambda: self._limits.slot(config.server_key, config.concurrency),
            abilities=self._abilities,
            ladder=ladder,
            limit_field=limit_field_of(model),
        )


def weights_cache() -> Path:
    """Folder of pulled weights: `$NSED_CACHE/weights`, else the user's cache."""
    root = os.environ.get("NSED_CACHE")
    return (Path(root) if root else user_cache_path("nsed")) / "weights"


def weights_paths() -> tuple[Path, ...]:
    """Files or folders the user gives: `$NSED_WEIGHTS`, separated like `$PATH`."""
    given = os.environ.get("NSED_WEIGHTS", "")
    return tuple(Path(part) for part in given.split(os.pathsep) if part)


def _weights_path(config: ExpertConfig) -> Path:
    return installed_weights(
        config, cache_dir=weights_cache(), user_paths=weights_paths()
    )


def _behind(config: ExpertConfig) -> str:
    """What decides an answer beside the configuration: the file, or the place."""
    if config.provider == "openai" and config.base_url is None:
        places = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
        return " ".join(os.environ.get(place, "") for place in places)
    if config.provider != "embedded":
        return ""
    try:
        if weight := weight_of(config):
            return weight.sha256
        facts = _weights_path(config).stat()
    except (WeightError, OSError):
        return ""  # who is asked says so
    return f"{facts.st_size}:{facts.st_mtime_ns}"


def api_key_of(config: ExpertConfig) -> str | None:
    """Read an expert's key; None if it names none, ConfigError if it is not there."""
    whose = f"expert {config.name!r}"
    if config.api_key_file is not None:
        return key_in_file(Path(config.api_key_file).expanduser(), whose)
    if config.api_key_env is None:
        return None
    key = os.environ.get(config.api_key_env)
    if not key:
        raise ConfigError(
            f"{whose}: the environment variable {config.api_key_env} is not set; "
            "it should hold the API key"
        )
    return header_safe(key, f"{whose}: {config.api_key_env}")
