"""A real Postgres server on a socket of its own, from whatever is installed here."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["PostgresServer", "postgres_server"]

_QUICK = "-c fsync=off -c listen_addresses= -c max_connections=40"


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    programs: Path
    folder: Path
    user: dict[str, Any]

    def new_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self.run("createdb", "--host", str(self.folder), "--username", "nsed", name)
        return f"postgresql:///{name}?host={self.folder}&user=nsed"

    def run(self, program: str, *words: str) -> None:
        """Run one of its programs as its user; what it says is the failure."""
        log = self.folder / f"{program}.log"
        with log.open("wb") as said:  # no pipe: a server that stays would hold it
            done = subprocess.run(
                [str(self.programs / program), *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
                **self.user,
            )
        assert done.returncode == 0, log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server with an empty cluster; skip the test where there is none."""
    programs = _programs()
    if programs is None:
        pytest.skip("no Postgres server here: no initdb and pg_ctl in PATH or /usr/lib")
    user = _user()
    # Not pytest's folder: it is closed to others, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="nsed-pg-", dir="/tmp"))
    if user:
        os.chown(folder, user["user"], user["group"])
    server = PostgresServer(programs, folder, user)
    data = str(folder / "data")
    try:
        server.run(
            "initdb", "-D", data, "-U", "nsed", "-A", "trust", "-N", "-E", "UTF8"
        )
        options = f"{_QUICK} -c unix_socket_directories={folder}"
        server.run("pg_ctl", "-D", data, "-w", "-o", options, "start")
        try:
            yield server
        finally:
            server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder that holds both programs, the newest version first."""
    in_path = shutil.which("initdb")
    folders = [Path(in_path).resolve().parent] if in_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    needed = ("initdb", "pg_ctl", "createdb")
    return next((f for f in folders if all((f / p).exists() for p in needed)), None)


def _user() -> dict[str, Any]:
    """Whom to run it as: a server refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    pytest.skip("Postgres refuses to run as root, and there is no other user here")
