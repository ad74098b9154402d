"""Keys of experts: from a variable or a file, and never shown."""

import os
from pathlib import Path

import pytest

from nsed.models.hire import api_key_of
from nsed.protocol.errors import ConfigError
from nsed.state.expert_config import ExpertConfig

CANARY = "sk-live-51Hf8s7dKq2pXv9"


def expert(**key: str) -> ExpertConfig:
    return ExpertConfig(name="ada", model="m", **key)


def test_no_key_is_no_key() -> None:
    assert api_key_of(expert()) is None


def test_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")

    assert api_key_of(expert(api_key_file=str(file))) == CANARY


def test_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADA_KEY", CANARY)

    assert api_key_of(expert(api_key_env="ADA_KEY")) == CANARY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        (b" \n", "is empty"),
        (b"\xff" + CANARY.encode(), "cannot be read: it is not text"),
    ],
    ids=["missing", "empty", "binary"],
)
def test_a_file_without_a_key_is_one_line(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError) as error:
        api_key_of(expert(api_key_file=str(file)))

    message = str(error.value)
    assert message == f"expert 'ada': the file that api_key_file names {words}"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads all")
def test_an_unreadable_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(CANARY)
    file.chmod(0)

    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        api_key_of(expert(api_key_file=str(file)))


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADA_KEY", raising=False)

    with pytest.raises(ConfigError, match="variable ADA_KEY is not set"):
        api_key_of(expert(api_key_env="ADA_KEY"))


def test_two_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="give api_key_env or api_key_file, not both"):
        expert(api_key_env="A", api_key_file="b")
