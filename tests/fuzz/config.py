"""Any file as `nsed.toml`: settings, or a `ConfigError` without a secret in it.

The first byte chooses: 255 puts a file together from known keys and odd values, two
bytes a line; whatever else it is, the bytes are the file.
"""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from nsed.config.file import load_config
from nsed.config.knobs import SECTIONS
from nsed.config.settings import Settings
from nsed.protocol.errors import ConfigError
from nsed.state.context import DeliberationConfig
from nsed.state.expert_config import ExpertConfig

__all__ = ["LINES", "SECRETS", "VALUES", "one_input", "planted"]

KEY, PASSWORD = "sk-live-51Hf8s7dKq2pXv9", "hunter2"
SECRETS = (KEY, PASSWORD)
_NAMES = "name|model|model_class|host|server|proposers|reviewers|pins|bans"
"""What these keys hold are names; a message may repeat them."""
_KEY = rf"(?<![\w.-])(?!(?:{_NAMES})\b)[a-z_]+[ \t]*=[ \t]*\[?".encode()
_KEY_PLACE = re.compile(rb"(" + _KEY + rb')"SECRET"')
_PASSWORD_PLACE = re.compile(rb"(" + _KEY + rb'"[^"\n]*://[^/@:"\s]*:)SECRET@')
_FOLDER = TemporaryDirectory(prefix="nsed-fuzz-")
_FILE = Path(_FOLDER.name) / "nsed.toml"

_EXPERTS = (
    '[[experts]]\nname = "a"\nprovider = "scripted"\nscript = {proposals = ["1"]}',
    '[[experts]]\nname = "b"\nmodel = "m"\nbase_url = "https://x.example/v1"',
    '[[experts]]\nname = "c"\nprovider = "community"\nmodel_class = "ChatX"',
    '[[experts]]\nname = "d"\nmodel = "m"\nusd_per_mtok_input = 1',
    "[[experts]]",
)
LINES = (
    *_EXPERTS,
    *(f"[{section}]" for section in SECTIONS),
    *("[presets.fast]", "[presets.x]", "[team.hosts]", '["odd key"]', "a.b.c"),
    *("telemetry", "response_cache", "public_prices", "include_embedded", "api_key"),
    *ExpertConfig.model_fields,
    *(key for keys in SECTIONS.values() for key in keys),
)
"""Lines, and keys of lines."""
VALUES = (
    *(
        "0",
        "1",
        "2",
        "3",
        "7",
        "100",
        "-1",
        "0.5",
        "0.01",
        "1e300",
        "9223372036854775807",
    ),
    *("inf", "nan", "true", "false", "2026-01-01", "[]", "{}", "[[]]", "[{}]", '""'),
    *('"a"', '["a"]', '["a", "b"]', '["b", "c"]', "{a = 2}", '{box = "8GB"}', '"6GB"'),
    *('"box"', '"SECRET"', '["SECRET"]', '{k = "SECRET"}', '"https://u:SECRET@h/v1"'),
    *('"${NAME}"', '"postgresql://u:SECRET@h/d"', '"./x.db"', '"~/x"', '"~nobody-/x"'),
    *('"\\u0000"', '"\\u001b[31m"', '"open"', '["open"]', '"signed"', '"auto"', '"zz"'),
    *('"knapsack"', '"embedded"', '"openai"', '"gpt-4o-mini"', '"w.gguf"', '"answer"'),
    *("{math = 0.5}", '{weights = {"1" = 5}}', "{proposals = [1]}", '"langchain:M"'),
)

T = TypeVar("T")


def one_input(data: bytes) -> None:
    """Write the file, with secrets where somebody might put them, and load it."""
    _FILE.write_bytes(planted(_put_together(data[1:]) if data[:1] == b"\xff" else data))
    settings = _tried(lambda: load_config(_FILE), f"{_FILE}: ")
    if not isinstance(settings, Settings):
        return
    assert load_config(_FILE) == settings
    paths = [settings.telemetry, settings.response_cache or ""]
    paths += [expert.api_key_file or "" for expert in settings.experts]
    assert not any("\0" in path for path in paths)
    names = [expert.name for expert in settings.experts]
    for preset in (None, *settings.presets):
        for pool in ((), names[:1]):
            _tried(lambda p=preset, few=pool: _config(settings, p, few))


def _put_together(data: bytes) -> bytes:
    lines: list[str] = []
    for line, value in zip(data[::2], data[1::2], strict=False):
        found = LINES[line % len(LINES)]
        ready = found.startswith("[")
        lines.append(found if ready else f"{found} = {VALUES[value % len(VALUES)]}")
    return "\n".join([*lines, ""]).encode()


def planted(data: bytes) -> bytes:
    """Put a key for every value `"SECRET"`, and a password for every one in a URL."""
    if b'"""' in data or b"'''" in data:  # what looks like a value may be a key
        return data
    keys = _KEY_PLACE.sub(rb'\1"' + KEY.encode() + b'"', data)
    return _PASSWORD_PLACE.sub(rb"\1" + PASSWORD.encode() + b"@", keys)


def _config(
    settings: Settings, preset: str | None, pool: tuple[str, ...] | list[str]
) -> DeliberationConfig:
    config = settings.config(preset=preset, pool=pool)
    assert DeliberationConfig.model_validate_json(config.model_dump_json()) == config
    return config


def _tried(act: Callable[[], T], begins: str = "") -> T | None:
    """Do it; of a refusal check what it says."""
    try:
        return act()
    except ConfigError as error:
        told = str(error)
    assert not [secret for secret in SECRETS if secret in told], told
    for line in told.split("\n"):
        assert line.startswith(begins), told
        assert len(line) > len(begins)
        assert line.isprintable(), told
    return None
