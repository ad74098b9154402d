"""The one door to langchain-community."""

import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from langchain_core.outputs import Generation

from nsed.models.community import community_cache, community_chat_model
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


KEPT = [Generation(text="8")]


def test_the_warnings_of_its_cache_end_here_too(tmp_path: Path) -> None:
    """In a fresh process in which any warning whatsoever is an error."""
    program = (
        "import pathlib, sys\n"
        "from langchain_core.outputs import Generation\n"
        "from nsed.models.community import community_cache\n"
        "cache = community_cache(pathlib.Path(sys.argv[1]))\n"
        "cache.update('k', 'form', [Generation(text='8')])\n"
        "print(cache.lookup('k', 'form')[0].text, cache.lookup('other', 'form'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path / "x.db")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("8 None\n", "")


def test_its_cache_leaves_the_warnings_of_others_alone(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cache = community_cache(tmp_path / "x.db")
        cache.update("k", "form", KEPT)
        assert cache.lookup("k", "form") == KEPT
        warnings.warn("mine", stacklevel=1)

    assert [str(warning.message) for warning in seen] == ["mine"]


def test_its_cache_can_be_emptied(tmp_path: Path) -> None:
    cache = community_cache(tmp_path / "x.db")
    cache.update("k", "form", KEPT)

    cache.clear()

    assert cache.lookup("k", "form") is None


def test_whatever_is_wrong_with_its_file_later_on_is_an_os_error(
    tmp_path: Path,
) -> None:
    cache = community_cache(tmp_path / "x.db")
    with closing(sqlite3.connect(tmp_path / "x.db")) as database, database:
        database.execute("DROP TABLE full_llm_cache")

    with pytest.raises(OSError, match="no such table"):
        cache.lookup("k", "form")
    with pytest.raises(OSError, match="no such table"):
        cache.update("k", "form", KEPT)


def test_two_may_make_its_file_at_the_same_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langchain_community import cache as room
    from sqlalchemy.exc import OperationalError

    make = room.SQLAlchemyCache
    tried: list[object] = []

    def outrun(engine: object) -> object:
        tried.append(engine)
        if len(tried) == 1:
            raise OperationalError("table exists already", None, Exception())
        return make(engine)

    monkeypatch.setattr(room, "SQLAlchemyCache", outrun)

    assert community_cache(tmp_path / "x.db").lookup("k", "form") is None
    assert len(tried) == 2
