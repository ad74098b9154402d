"""Weights: found where they are, fetched where they are not, trusted by hash only."""

import hashlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nsed.models import weight_stamp
from nsed.models.weights import PullProgress, locate, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

from .conftest import half_written
from .hub import Hub

# Another process that pulls from a hub, as a second terminal would.
PULL = """
import sys
import threading
from pathlib import Path
from nsed.models.weight_hub import HubRepository
from nsed.models.weights import pull
from nsed.models.weights_manifest import Weight
weight = Weight.model_validate_json(sys.argv[1])
hub = HubRepository(endpoint=sys.argv[3])
sys.stdout.write(str(pull(weight, cache_dir=Path(sys.argv[2]), sources=[hub])))
"""


def pull_elsewhere(weight: Weight, cache: Path, hub: Hub) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PULL, weight.model_dump_json(), str(cache), hub.url],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("given", ["mine.gguf", "."], ids=["file", "folder"])
def test_a_users_path_comes_first(
    weight: Weight, cache: Path, tmp_path: Path, content: bytes, given: str
) -> None:
    folder = tmp_path / "models" / "deep"
    folder.mkdir(parents=True)
    (folder / "mine.gguf").write_bytes(content)
    (folder / "another.gguf").write_bytes(bytes(len(content)))

    path = pull(weight, cache_dir=cache, user_paths=[folder / given], sources=[])

    assert path == folder / "mine.gguf"
    assert not (cache / "tiny.gguf").exists()


def test_a_users_path_that_is_not_there_is_an_error(
    weight: Weight, cache: Path, tmp_path: Path
) -> None:
    with pytest.raises(WeightError, match=r"does not exist: .*nowhere"):
        locate(weight, cache_dir=cache, user_paths=[tmp_path / "nowhere"])


def test_a_file_with_the_right_name_and_size_may_be_wrong(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    cache.mkdir()
    (cache / "tiny.gguf").write_bytes(bytes(len(content)))

    assert locate(weight, cache_dir=cache) is None
    assert pull(weight, cache_dir=cache, sources=[hub.source()]).read_bytes() == content


def test_a_file_is_hashed_once(
    weight: Weight, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []

    def count(path: Path) -> str:
        hashed.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    path = pull(weight, cache_dir=cache, sources=[hub.source()])
    monkeypatch.setattr(weight_stamp, "sha256_of", count)

    assert locate(weight, cache_dir=cache) == path
    assert hashed == []
    path.write_bytes(bytes(weight.size_bytes))
    assert locate(weight, cache_dir=cache) is None
    assert hashed == [path]


def test_a_cache_that_cannot_be_written_still_finds(
    weight: Weight, tmp_path: Path, content: bytes
) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(content)
    (tmp_path / "file").touch()

    assert locate(weight, cache_dir=tmp_path / "file", user_paths=[mine]) == mine


def test_a_cache_that_cannot_be_made_is_one_line(
    weight: Weight, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WeightError, match="tiny cannot be kept in ") as caught:
        pull(weight, cache_dir=tmp_path / "file" / "cache", sources=[])

    assert "\n" not in str(caught.value)


def test_binding_terms_must_be_accepted_first(
    weight: Weight, cache: Path, hub: Hub
) -> None:
    bound = weight.model_copy(update={"on_request": True, "licence": "Some terms"})
    with pytest.raises(
        WeightError, match=r"Some terms .*nsed models pull tiny --accept-licence"
    ):
        pull(bound, cache_dir=cache, sources=[hub.source()])
    assert hub.paths == []

    fetched = pull(bound, cache_dir=cache, accept_licence=True, sources=[hub.source()])

    assert pull(bound, cache_dir=cache, sources=[]) == fetched


def test_two_processes_fetch_once(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    hub.hold = threading.Event()
    with pull_elsewhere(weight, cache, hub) as other:
        assert hub.half_sent.wait(30)
        waiting: list[str] = []

        def go_on(progress: PullProgress) -> None:
            waiting.append(progress.source)
            assert hub.hold is not None
            hub.hold.set()

        path = pull(weight, cache_dir=cache, on_progress=go_on, sources=[hub.source()])
        said, _ = other.communicate(timeout=30)

    assert waiting == ["another process"]
    assert said == str(path)
    assert path.read_bytes() == content
    assert len(hub.paths) == 1


def test_a_killed_process_leaves_no_lock(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    hub.hold = threading.Event()
    with pull_elsewhere(weight, cache, hub) as other:
        assert hub.half_sent.wait(30)
        other.kill()
    assert other.returncode == -signal.SIGKILL
    stale = cache / "partial" / "tiny.gguf.x1.pip"
    stale.mkdir()
    hub.hold.set()

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert path.read_bytes() == content
    assert half_written(cache) == []
