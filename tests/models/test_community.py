"""The one door to langchain-community."""

import subprocess
import sys
import warnings

import pytest

from nsed.models.community import community_chat_model
from nsed.protocol.errors import ConfigError


def test_its_warnings_end_here() -> None:
    """In a fresh process, where nothing was imported yet; any warning is an error."""
    program = (
        "from nsed.models.community import community_chat_model\n"
        "print(type(community_chat_model('FakeListChatModel', responses=['8'])))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "FakeListChatModel" in done.stdout


def test_warnings_of_others_still_show() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        community_chat_model("FakeListChatModel", responses=["8"])
        warnings.warn("mine", stacklevel=1)

    assert [str(warning.message) for warning in seen] == ["mine"]


def test_an_unknown_class_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'ChatLlamaCpp'"):
        community_chat_model("ChatLamaCpp")


def test_settings_it_does_not_take_are_one_line() -> None:
    with pytest.raises(ConfigError, match="FakeListChatModel cannot be made") as caught:
        community_chat_model("FakeListChatModel")

    assert len(str(caught.value).splitlines()) == 1
