"""A server as a process of its own, for as long as a test needs it."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Served", "served"]


@dataclass
class Served:
    """A server that is up."""

    url: str
    process: subprocess.Popen[str]
    said: list[str]
    """Lines it has printed; all of them once it has ended."""


@contextmanager
def served(
    command: Sequence[str],
    folder: Path,
    *,
    says: str,
    environment: Mapping[str, str | None] | None = None,
) -> Iterator[Served]:
    """Start it and wait for its address.

    Args:
        command: What to run.
        folder: Where.
        says: Of what it prints when it is ready, a pattern whose group is the address.
        environment: On top of this process's own; None takes a variable away.
    """
    given = {**os.environ, **(environment or {})}
    server = subprocess.Popen(
        command,
        cwd=folder,
        env={key: value for key, value in given.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert server.stdout is not None
    heard: list[str] = []
    # What it prints later must not fill the pipe.
    rest = threading.Thread(target=heard.extend, args=[server.stdout], daemon=True)
    try:
        address = None
        for line in server.stdout:
            heard.append(line)
            if found := re.search(says, line):
                address = found[1]
                break
        assert address is not None, "".join(heard)[-3000:]
        rest.start()
        yield Served(address, server, heard)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
        if rest.ident:
            rest.join()
        server.stdout.close()
