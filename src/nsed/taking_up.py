"""Runs on file, taken up again: by this version only, or as another run."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from nsed.config.knobs import check_knobs
from nsed.config.problems import unknown_key
from nsed.known_run import SHORT_ID, KnownRun, RunEnd
from nsed.protocol.errors import ConfigError
from nsed.run import VERSION
from nsed.state.context import DeliberationConfig

__all__ = ["child_of", "require_this_version", "with_knobs"]


def require_this_version(known: KnownRun) -> None:
    """Raise if another version began the run: it may read its state differently.

    Raises:
        ConfigError: It did.
    """
    if known.version != VERSION:
        raise ConfigError(
            f"run {known.id[:SHORT_ID]} was begun by nsed {known.version}, and this is "
            f"nsed {VERSION}, which may go on differently; use nsed {known.version} "
            "for it, or ask anew"
        )


def child_of(
    known: KnownRun, config: DeliberationConfig, *, from_round: int
) -> KnownRun:
    """A new run that begins as another one stood before a round."""
    return known.model_copy(
        update={
            "id": uuid.uuid4().hex,
            "begun_at": time.time(),
            "settings": config.model_dump(mode="json"),
            "forked_from": f"{known.id}, before round {from_round}",
            "state": "open",
            "end": RunEnd(),
        }
    )


def with_knobs(
    config: DeliberationConfig,
    given: Mapping[str, Any],
    *,
    called: str = "{}",
    problems: tuple[str, ...] = (),
) -> DeliberationConfig:
    """Set knobs of a run's configuration.

    Args:
        config: What it had; its experts stay.
        given: New values by knob, as JSON or TOML has them.
        called: How a message calls a knob, `{}` for its name.
        problems: What is wrong already, a line each.

    Raises:
        ConfigError: A line for each problem.
    """
    knobs = config.model_dump(mode="json", exclude={"experts"})
    strangers = [
        f"{called.format(key)}: {unknown_key(key, knobs)}"
        for key in given
        if key not in knobs
    ]
    known = {key: value for key, value in given.items() if key in knobs}
    names = {key: called.format(key) for key in known}
    new, found = check_knobs({**knobs, **known}, names, config.experts)
    if new is None or problems or strangers:
        raise ConfigError("\n".join([*problems, *strangers, *found]))
    return new
