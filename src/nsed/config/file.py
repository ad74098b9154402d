"""The configuration file `nsed.toml`: found, read, checked; all problems at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from platformdirs import user_config_path

from nsed.brokers.public_prices import with_public_prices
from nsed.config.expert import read_expert
from nsed.config.knobs import SECTIONS, check_knobs, read_section
from nsed.config.presets import BUILT_IN_KNOBS, BUILT_IN_PRESETS
from nsed.config.problems import dotted, unknown_key
from nsed.config.server import ServerSettings, read_server
from nsed.config.settings import Settings
from nsed.config.storage import read_place, read_response_cache
from nsed.config.values import expert_place, remove_unusable
from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

__all__ = ["CONFIG_NAME", "find_config", "load_config"]

CONFIG_NAME: Final = "nsed.toml"
_MOST_BYTES = 1_000_000
_TOP = (
    "experts",
    "include_embedded",
    "public_prices",
    "telemetry",
    "checkpoints",
    "response_cache",
    *SECTIONS,
    "presets",
    "server",
)


def find_config() -> Path | None:
    """`./nsed.toml`, else the one in the user's configuration folder, else None."""
    for path in (Path(CONFIG_NAME), user_config_path("nsed") / CONFIG_NAME):
        if path.is_file():
            return path
    return None


def load_config(path: Path | str | None = None) -> Settings:
    """Read a configuration file; without a path the one `find_config` finds.

    No file at all gives the built-in settings: the embedded roster, all defaults.

    Raises:
        ConfigError: One line for each problem: file, key, what is wrong.
    """
    chosen = find_config() if path is None else Path(path)
    if chosen is None:
        return Settings(knobs=BUILT_IN_KNOBS)
    document = _parse(chosen)
    try:
        settings, problems = _read(document, chosen)
    except RecursionError as error:  # dotted keys nest without end, parsed in a loop
        raise ConfigError(f"{chosen}: nested too deeply") from error
    if problems:
        raise ConfigError("\n".join(f"{chosen}: {line}" for line in problems))
    return settings


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    if len(raw) > _MOST_BYTES:
        raise ConfigError(f"{path}: larger than {_MOST_BYTES:,} bytes")
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8 text") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def _read(document: dict[str, Any], path: Path) -> tuple[Settings, list[str]]:
    home = dict.fromkeys(ServerSettings.model_fields, "server")
    home |= {key: name for name, keys in SECTIONS.items() for key in keys}
    problems = [
        f"{dotted((key,))}: {unknown_key(key, _TOP, home.get(key))}"
        for key in document
        if key not in _TOP
    ]
    problems += remove_unusable(document)
    experts, of_experts = _experts(document, path)
    pool = None if of_experts else experts
    problems += of_experts
    knobs: dict[str, Any] = {}
    names: dict[str, str] = {}
    for section, keys in SECTIONS.items():
        found, lines = read_section(document.get(section, {}), (section,), keys)
        problems += lines
        knobs |= found
        names |= {key: dotted((section, key)) for key in found}
    problems += check_knobs(knobs, names, pool)[1]
    presets, of_presets = _presets(document, knobs, pool)
    telemetry, of_telemetry = read_place("telemetry", document, path.parent)
    checkpoints, of_checkpoints = read_place("checkpoints", document, path.parent)
    cache, of_cache = read_response_cache(document, path.parent)
    server, of_server = read_server(document, path.parent)
    settings = Settings(
        file=str(path),
        experts=tuple(experts),
        knobs=knobs,
        names={key: f"{path}: {name}" for key, name in names.items()},
        presets={**BUILT_IN_PRESETS, **presets},
        telemetry=telemetry,
        checkpoints=checkpoints,
        response_cache=cache,
        server=server,
    )
    problems += [*of_presets, *of_telemetry, *of_checkpoints, *of_cache, *of_server]
    return settings, _one_a_place(problems)


def _experts(
    document: Mapping[str, Any], path: Path
) -> tuple[list[ExpertConfig], list[str]]:
    tables = document.get("experts", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        return [], ["experts: should be tables, each written [[experts]]"]
    embedded = document.get("include_embedded", not tables)
    if not isinstance(embedded, bool):
        return [], ["include_embedded: should be true or false"]
    experts: list[ExpertConfig] = []
    problems: list[str] = []
    taken: list[object] = [e.name for e in EMBEDDED_ROSTER] if embedded else []
    for index, table in enumerate(tables):
        place = expert_place(index, table)
        expert, lines = read_expert(table, place=place, folder=path.parent)
        if table.get("name") in taken:
            lines.append(f"{dotted(place)}: two experts have this name; rename one")
        taken += [table["name"]] if "name" in table else []
        problems += lines
        experts += [expert] if expert else []
    if not tables and not embedded:
        problems.append("experts: there are none; add [[experts]] or include_embedded")
    experts, of_prices = _priced(document, experts)
    everybody = [*experts, *(EMBEDDED_ROSTER if embedded else ())]
    return everybody, [*problems, *of_prices]


def _priced(
    document: Mapping[str, Any], experts: list[ExpertConfig]
) -> tuple[list[ExpertConfig], list[str]]:
    wanted = document.get("public_prices", False)
    if not isinstance(wanted, bool):
        return experts, ["public_prices: should be true or false"]
    if not wanted:
        return experts, []
    try:
        return [with_public_prices(expert) for expert in experts], []
    except ConfigError as error:
        return experts, [f"public_prices: {error}"]


def _presets(
    document: Mapping[str, Any],
    knobs: Mapping[str, Any],
    pool: list[ExpertConfig] | None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    tables = document.get("presets", {})
    if not isinstance(tables, dict):
        return {}, ["presets: should be tables, each written [presets.name]"]
    presets: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    allowed = [key for keys in SECTIONS.values() for key in keys]
    broken = check_knobs(knobs, {}, pool)[1]
    for name, table in tables.items():
        place = ("presets", name)
        presets[name], lines = read_section(table, place, allowed)
        problems += lines
        called = {key: dotted((*place, key)) for key in presets[name]}
        found = check_knobs({**knobs, **presets[name]}, called, pool)[1]
        problems += [line for line in found if line not in broken]
    return presets, problems


def _one_a_place(lines: list[str]) -> list[str]:
    """Keep the first line about each place."""
    first: dict[str, str] = {}
    for line in lines:
        first.setdefault(line.split(": ", maxsplit=1)[0], line)
    return list(first.values())
