"""A server on 127.0.0.1 that gives each path the answer it is told, or misbehaves.

An answer is JSON, a function that makes it, `Raw`, or `HANG`.

with AnsweringServer({"/v1/models": {"object": "list", "data": []}}) as server:
    ...  # ask server.url, which ends in /v1
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ["HANG", "AnsweringServer", "Raw"]

HANG = object()
"""An answer that never comes."""


class Raw:
    """Any status and any bytes."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status, self.body, self.headers = status, body, headers


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is no news."""


class AnsweringServer:
    """The server; enter it to start it."""

    def __init__(self, routes: dict[str, Any]) -> None:
        self.routes = routes
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        """Method, path and headers of each request."""
        self._over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server._answer(self)

            do_POST = do_GET  # noqa: N815 - http.server calls it so

            def log_message(self, *_: Any) -> None:
                pass

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.command, request.path, headers))
        found = self.routes.get(request.path, Raw(404, b"not found"))
        if found is HANG:
            self._over.wait(30)
            request.close_connection = True
            return
        if callable(found):
            found = found()
        if not isinstance(found, Raw):
            found = Raw(200, json.dumps(found).encode())
        request.send_response(found.status)
        for name, value in found.headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(found.body)))
        request.end_headers()
        request.wfile.write(found.body)
