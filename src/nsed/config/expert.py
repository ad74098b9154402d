"""One `[[experts]]` table of the file, turned into an expert, or into problems."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import ValidationError

from nsed.config.paths import path_in
from nsed.config.problems import dotted, plain_problems
from nsed.models.weights_manifest import find_weight
from nsed.protocol.errors import WeightError
from nsed.state.expert_config import ExpertConfig, Provider, Script

__all__ = ["SECRET_NAME", "read_expert"]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
SECRET_NAME: Final = re.compile(
    r"(^|_)(api_?key|secret|password|passwd|(access|auth|bearer)_?token)($|_)",
    re.IGNORECASE,
)
"""Names of settings whose value is a secret."""
_USED_BY = {
    "api_key": ("openai",),
    "api_key_env": ("openai",),
    "api_key_file": ("openai",),
    "base_url": ("openai",),
    "hedge_base_url": ("openai",),
    "model_class": ("langchain", "community"),
    "model_kwargs": ("openai", "langchain", "community"),
    "script": ("scripted",),
}
_KEYS = ("api_key", "api_key_env", "api_key_file")
_KEY_CHARS = 16
"""A name this long, with digits and no plain form, is taken for a key."""


def read_expert(
    table: Mapping[str, Any], *, place: tuple[str | int, ...], folder: Path
) -> tuple[ExpertConfig | None, list[str]]:
    """Check one table.

    Args:
        table: As it stands in the file.
        place: How messages call it.
        folder: What relative paths in it start from.

    Returns:
        The expert, or None; and the problems, a line each, without the file's name.
    """
    problems = {
        key: f"{dotted((*place, key))}: {words}"
        for key, words in (*_unused(table), *_secrets(table))
    }
    data = dict(table)
    variable = _VARIABLE.fullmatch(str(data.pop("api_key", "")))
    if variable:
        data.setdefault("api_key_env", variable[1])
    for key in problems.keys() & set(_KEYS):
        data.pop(key, None)
    for key in ("api_key_file", "model"):
        path = data.get(key)
        if isinstance(path, str) and path and _is_path(key, path, table):
            try:
                data[key] = path_in(folder, path)
            except ValueError as error:
                problems[key] = f"{dotted((*place, key))}: {error}"
    expert: ExpertConfig | None = None
    try:
        expert = ExpertConfig.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        lines = plain_problems(
            error,
            data,
            where=lambda found: dotted((*place, *found)),
            known={
                (): (*ExpertConfig.model_fields, "api_key"),
                ("script",): tuple(Script.model_fields),
            },
        )
        for found, line in lines.items():
            problems.setdefault(str(found[0]) if len(found) == 1 else line, line)
    if (
        expert
        and expert.provider == "embedded"
        and not _is_path("model", expert.model, table)
    ):
        try:
            find_weight(expert.model)
        except WeightError as error:
            problems["model"] = f"{dotted((*place, 'model'))}: {error}"
    return (None if problems else expert), list(problems.values())


def _unused(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Keys the chosen provider would ignore without a word."""
    provider = table.get("provider", "openai")
    if provider not in get_args(Provider):
        return []
    return [
        (key, f"provider {provider!r} does not use it, only {' and '.join(users)}")
        for key, users in _USED_BY.items()
        if key in table and provider not in users
    ]


def _secrets(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Secrets that stand in the file itself, or are named twice."""
    wanted = 'write api_key = "${NAME}" with the environment variable that holds it'
    found = []
    variable = _VARIABLE.fullmatch(str(table.get("api_key", "")))
    if "api_key" in table and variable is None:
        found.append(("api_key", f"a key must not stand in the file; {wanted}"))
    names = {
        "api_key": variable[1] if variable else None,
        "api_key_env": table.get("api_key_env"),
    }
    found += [
        (key, f"this looks like the key itself; {wanted}")
        for key, name in names.items()
        if isinstance(name, str) and _like_a_key(name)
    ]
    given = [key for key in _KEYS if key in table]
    if len(given) > 1:
        found.append((given[-1], f"give only one of {', '.join(given)}"))
    settings = table.get("model_kwargs")
    elsewhere = "set the environment variable that the model class reads"
    found += [
        (
            "model_kwargs",
            f"{key!r} looks like a secret and may not stand here; {elsewhere}",
        )
        for key in (settings if isinstance(settings, dict) else ())
        if SECRET_NAME.search(key)
    ]
    return found


def _like_a_key(name: str) -> bool:
    """Whether a "variable's name" was more likely meant to be the key."""
    plain = name.isupper() and "_" in name
    return len(name) >= _KEY_CHARS and any(c.isdigit() for c in name) and not plain


def _is_path(key: str, value: str, table: Mapping[str, Any]) -> bool:
    """Whether it names a file here; a server may call a model after one of its own."""
    mine = table.get("provider", "openai") == "embedded"
    return key == "api_key_file" or (mine and value.endswith(".gguf"))
