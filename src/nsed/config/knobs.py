"""Which knob stands in which section of the file, and the check of all together."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from nsed.config.problems import Path, dotted, plain_problems, unknown_key
from nsed.protocol.errors import did_you_mean
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["NAMES", "ROLES", "SECTIONS", "check_knobs", "read_section"]

ROLES: Final = ("proposers", "reviewers")
NAMES: Final = (*ROLES, "pins", "bans")
"""Knobs that are lists of experts' names."""
_ONE_NAME: Final = ("synthesizer",)
"""Knobs that are one name."""
_TEAM: Final = (
    "broker",
    "least_proposers",
    "most_proposers",
    "least_reviewers",
    "most_reviewers",
    "min_families",
    "pins",
    "bans",
    "allowed_licences",
    "hosts",
    "redundancy",
    "explore",
)
_LIMITS: Final = (
    "max_usd",
    "max_tokens",
    "max_calls",
    "deadline_s",
    "patience_s",
    "phase_latency_s",
    "call_timeout_s",
    "propose_timeout_s",
    "review_timeout_s",
    "synthesize_timeout_s",
    "straggler_factor",
    "straggler_min_s",
    "hedge_after_s",
    "retries",
    "retry_wait_s",
    "retry_budget",
)
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "roles": (*ROLES, *_ONE_NAME),
    "team": _TEAM,
    "limits": _LIMITS,
    "deliberation": tuple(
        key
        for key in DeliberationConfig.model_fields
        if key not in {*ROLES, *_ONE_NAME, *_TEAM, *_LIMITS, "experts"}
    ),
}
"""Keys by section. A preset may hold any of them."""


def read_section(
    table: object, place: Path, allowed: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return a section's known keys, and a line for each unknown one."""
    if not isinstance(table, dict):
        return {}, [f"{dotted(place)}: should be a table, written [{dotted(place)}]"]
    home = {key: name for name, keys in SECTIONS.items() for key in keys}
    problems = [
        f"{dotted((*place, key))}: {unknown_key(key, allowed, home.get(key))}"
        for key in table
        if key not in allowed
    ]
    return {key: value for key, value in table.items() if key in allowed}, problems


def check_knobs(
    values: Mapping[str, Any],
    names: Mapping[str, str],
    experts: Sequence[ExpertConfig] | None,
) -> tuple[DeliberationConfig | None, list[str]]:
    """Validate knobs and experts together.

    Args:
        values: By knob, as the user wrote them.
        names: How to call each knob in a message: where the user wrote it.
        experts: The pool; None if it is broken, then only the knobs are checked.

    Returns:
        The configuration, or None; and the problems, a line each.
    """
    data = {key: value for key, value in values.items() if key != "experts"}
    strangers = _strangers(data, names, experts)
    if strangers or experts is None:
        named = {*NAMES, *_ONE_NAME, "hosts", "reviewer_weights"}
        data = {key: value for key, value in data.items() if key not in named}
    if experts is not None:
        data["experts"] = [expert.model_dump(mode="json") for expert in experts]
    config: DeliberationConfig | None = None
    lines: list[str] = []
    try:
        config = DeliberationConfig.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        lines = list(
            plain_problems(
                error,
                data,
                where=lambda at: _called(at, names),
                known={(): tuple(DeliberationConfig.model_fields)},
            ).values()
        )
    problems = [*strangers, *lines]
    return (None if problems or experts is None else config), problems


def _strangers(
    values: Mapping[str, Any],
    names: Mapping[str, str],
    experts: Sequence[ExpertConfig] | None,
) -> list[str]:
    if experts is None:
        return []
    known = [expert.name for expert in experts]
    return [
        f"{_called((knob,), names)}: no expert is named {json.dumps(name)}."
        f"{did_you_mean(name, known)}"
        for knob in (*NAMES, *_ONE_NAME)
        for name in _listed(values.get(knob))
        if isinstance(name, str) and name not in known
    ]


def _listed(value: object) -> list[object]:
    """A list as it is, one name as a list of it."""
    return value if isinstance(value, list) else [value]


def _called(at: Path, names: Mapping[str, str]) -> str:
    if not at:
        return ""
    dot = "." if len(at) > 1 and isinstance(at[1], str) else ""
    return names.get(str(at[0]), dotted(at[:1])) + dot + dotted(at[1:])
