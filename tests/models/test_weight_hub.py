"""A hub as a source: resumed, refused, and named when it fails."""

from pathlib import Path

import pytest

from nsed.models.weights import PullProgress, pull
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

from .conftest import half_written
from .hub import DEAD_HUB, Hub


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
    done = [event.bytes_done for event in seen]
    assert done == sorted(done)
    assert len(done) > 10
    assert done[-1] == seen[-1].bytes_total == 3_000_000
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
    with pytest.raises(WeightError, match=r"broke off after .*kept for the next try"):
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
    (partial,) = half_written(cache)
    kept = partial.stat().st_size

    path = pull(weight, cache_dir=cache, sources=[hub.source()])

    assert kept > 2_000_000
    assert hub.ranges == [None, f"bytes={kept}-"]
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
    assert "Check the network, give the path" in line
