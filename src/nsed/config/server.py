"""The section `[server]` of the file: where the server listens, and what it takes."""

import ipaddress
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from nsed.config.paths import path_in
from nsed.config.problems import dotted, plain_problems

__all__ = ["ServerSettings", "is_loopback", "read_server"]

_SECTION: Final = "server"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class ServerSettings(BaseModel):
    """What `nsed serve` goes by. Nothing of it is a knob of a run."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    host: str = Field(default="127.0.0.1", min_length=1, max_length=253)
    """Address to listen at. Anything but loopback needs keys."""

    port: int = Field(default=8017, ge=0, le=65_535)
    """Port to listen at; 0 is any that is free."""

    keys: str | None = Field(default=None, min_length=1, max_length=4096)
    """Path of the file of keys; None: `keys.json` in the data folder."""

    allowed_hosts: tuple[str, ...] = Field(default=(), max_length=64)
    """Further names under which clients reach the server, such as that of a proxy."""

    max_runs: int = Field(default=256, ge=1, le=100_000)
    """Most runs at one time, of all callers together."""

    max_body_bytes: int = Field(default=1_000_000, ge=1_000, le=100_000_000)
    """Most bytes of one request's body."""

    max_body_s: float = Field(default=30, gt=0, le=3_600)
    """Seconds in which a body has to arrive."""

    max_messages: int = Field(default=1_000, ge=1, le=100_000)
    """Most messages of one request."""

    max_depth: int = Field(default=32, ge=2, le=200)
    """How deep the JSON of a request may be nested."""

    session_hours: float = Field(default=12, gt=0, le=8_760)
    """How long a browser stays logged in."""

    @field_validator("host")
    @classmethod
    def _an_address(cls, host: str) -> str:
        bare = host.removeprefix("[").removesuffix("]").lower()
        if not _is_host(bare):
            msg = 'should be an address or a name, such as "127.0.0.1", without a port'
            raise ValueError(msg)
        return bare

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        bare = [host.removeprefix("[").removesuffix("]").lower() for host in hosts]
        if not all(map(_is_host, bare)):
            msg = (
                'should be names such as "nsed.example.org", without scheme, port or *'
            )
            raise ValueError(msg)
        return tuple(bare)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_server(
    document: Mapping[str, Any], folder: Path
) -> tuple[ServerSettings, list[str]]:
    """Check the section.

    Args:
        document: The whole file.
        folder: What a relative path starts from.

    Returns:
        Its values (the defaults where something is wrong), and a line a problem.
    """
    table = document.get(_SECTION, {})
    if not isinstance(table, dict):
        return ServerSettings(), [f"{_SECTION}: should be a table, written [server]"]
    data = dict(table)
    problems: list[str] = []
    if isinstance(keys := data.get("keys"), str) and keys:
        try:
            data["keys"] = path_in(folder, keys)
        except ValueError as error:
            problems.append(f"{_SECTION}.keys: {error}")
            del data["keys"]
    try:
        found = ServerSettings.model_validate_json(
            json.dumps(data, default=str), strict=True
        )
    except ValidationError as error:
        lines = plain_problems(
            error,
            data,
            where=lambda at: dotted((_SECTION, *at)),
            known={(): tuple(ServerSettings.model_fields)},
        )
        return ServerSettings(), [*problems, *lines.values()]
    return found, problems


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_NAME.fullmatch(text))
    return True
