"""One server process: it listens, serves, and ends without leaving anything behind."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from nsed.protocol.errors import ConfigError
from nsed.studio.run_service import RunService

__all__ = ["listen_at", "serve"]

_BACKLOG = 2048
_GRACE_S = 10


def listen_at(host: str, port: int) -> socket.socket:
    """Take the address, before anything slow is done.

    Raises:
        ConfigError: It is taken, or there is no such address here.
    """
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
        try:
            if os.name != "nt":  # there it would let two servers have one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {host} port {port}: {error.strerror or error}. Another "
            "server may be running there; choose another port with --port, or port in "
            "[server]"
        ) from error
    return listener


async def serve(
    app: FastAPI, listener: socket.socket, *, ready: Callable[[], None]
) -> None:
    """Serve until Ctrl-C, or until the process is told to end.

    Runs at work are given up then; those that are kept can be resumed. A second Ctrl-C
    ends the process at once, model servers included.

    Args:
        app: The application.
        listener: Where it listens.
        ready: Called once requests are answered.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http="h11",  # strict, and the head of a request has a limit: 64 KiB
        ws="none",
        lifespan="off",  # entered below: what is wrong with it is raised as it is
        # A proxy on this machine may say that it spoke TLS; nobody else.
        forwarded_allow_ips="127.0.0.1,::1",
        timeout_graceful_shutdown=_GRACE_S,
    )
    async with app.router.lifespan_context(app):
        server = _Server(config, app.state.service, ready)
        with _on_signals(server.end):
            await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, service: RunService, ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._service, self._ready = service, ready

    def end(self) -> None:
        """End in good order; called again, at once."""
        if not self.should_exit:
            self.should_exit = True
            return
        pool = getattr(self._service.hire, "pool", None)
        if pool is not None:
            pool.close()
        os._exit(130)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # ours are set already

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First the runs: whoever waits for one gets his reply, and hangs up.
        await self._service.aclose()
        await super().shutdown(sockets=sockets)


@contextlib.contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGINT, signal.SIGTERM)
    previous = {one: signal.getsignal(one) for one in wanted}
    for one in wanted:
        try:
            loop.add_signal_handler(one, act)
        except NotImplementedError:  # Windows
            signal.signal(one, lambda *_: loop.call_soon_threadsafe(act))
    try:
        yield
    finally:
        for one, handler in previous.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(one)
            signal.signal(one, handler)
