"""A model hub on the loopback interface that can be told to misbehave."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from nsed.models.weight_hub import HubRepository

__all__ = ["DEAD_HUB", "Hub"]

DEAD_HUB = HubRepository(endpoint="http://127.0.0.1:9")  # nothing listens there


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

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Serve until the end of the block."""
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
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
        try:
            yield hub
        finally:
            if hub.hold is not None:
                hub.hold.set()
            server.shutdown()
            server.server_close()
            thread.join()
