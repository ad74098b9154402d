"""One embedded model's server process, seen from the parent."""

import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections import deque
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import httpx

from nsed.protocol.errors import ExpertError

__all__ = ["ServerProcess"]

_LOG_LINES = 50
_HEALTH_S = 5
_LOG_PREFIX = re.compile(r"^[\d.]+ [A-Z] (?:\S+ +\S*: )?")
_LOG_ERROR = re.compile(r"^[\d.]+ E ")


class ServerProcess:
    """A child that serves one model; it is not ready until `wait_ready` returns.

    Attributes:
        alias: The model's name in requests.
        spec: What it serves: path, context tokens.
    """

    def __init__(
        self, path: Path, *, alias: str, context_tokens: int, slots: int
    ) -> None:
        """Start the process; loading the model takes it some seconds."""
        self.alias = alias
        self.spec = (path, context_tokens)
        self._url: str | None = None
        # -P: nothing in the current folder can pass itself off as a module.
        command = [
            *(sys.executable, "-P", "-m", "nsed.models.embedded_server"),
            *("--model", str(path), "--alias", alias),
            *("--context", str(context_tokens), "--slots", str(slots)),
        ]
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        # The log is read on, so that the pipe never fills up, and its end is kept.
        self._log_reader = threading.Thread(
            target=_keep_lines,
            args=(_pipe(self._process.stderr), self._log),
            name=f"log-{alias}",
            daemon=True,
        )
        self._log_reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def healthy_url(self) -> str | None:
        """Return the base URL if the server was ready once and still answers.

        The process table is not enough: a killed process is dead to its callers some
        time before the system reports its end.
        """
        if self._url is None or not self.alive:
            return None
        connection = HTTPConnection(urlsplit(self._url).netloc, timeout=_HEALTH_S)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except TimeoutError:  # too busy to answer is not dead
            return self._url
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
        return self._url

    def wait_ready(self, timeout_s: float) -> str:
        """Wait until the model has answered a question; return its base URL.

        Raises:
            ExpertError: The process died or was not ready in time; it is gone then.
        """
        deadline = time.monotonic() + timeout_s
        timer = threading.Timer(timeout_s, self._process.kill)
        timer.start()
        try:
            with _pipe(self._process.stdout) as stdout:
                line = stdout.readline()
        finally:
            timer.cancel()
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise self._gone(f"was not ready within {timeout_s:g} s")
        if not line.endswith(b"\n"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=left_s)
            raise self._gone("died while it started")
        url = f"{json.loads(line)['url']}/v1"
        try:
            _ask_one_token(url, self.alias, timeout_s=left_s)
        except httpx.HTTPError as error:
            why = f"started but does not answer ({error or type(error).__name__})"
            raise self._gone(why) from error
        self._url = url
        return url

    def kill(self) -> None:
        """End the process and wait for its end; may be called again."""
        self._process.kill()
        self._process.wait()
        # The other two pipes are closed by whoever reads them.
        _pipe(self._process.stdin).close()

    def _gone(self, why: str) -> ExpertError:
        """Make sure of the process's end, and say what it last said."""
        code = self._process.poll()
        self.kill()
        self._log_reader.join(timeout=1)
        how = "" if code is None else f" (exit code {code})"
        return ExpertError(
            "model_gone",
            f"the embedded model {self.alias!r} ({self.spec[0]}) {why}{how}: "
            f"{self._last_words()}",
        )

    def _last_words(self) -> str:
        lines = [line for line in self._log if line.strip()]
        # The first error is the reason; what follows it is the clean-up.
        errors = [line for line in lines if _LOG_ERROR.match(line)]
        words = errors[:1] or lines[-1:] or ["it logged nothing"]
        return _LOG_PREFIX.sub("", words[0]).strip()


def _ask_one_token(url: str, alias: str, *, timeout_s: float) -> None:
    question = {
        "model": alias,
        "messages": [{"role": "user", "content": "Say yes."}],
        "max_tokens": 1,
    }
    # trust_env off: a proxy has no business with the loopback interface.
    with httpx.Client(timeout=timeout_s, trust_env=False) as client:
        answer = client.post(f"{url}/chat/completions", json=question)
        answer.raise_for_status()
        if (found := answer.json().get("model")) != alias:
            msg = f"it serves {found!r}"
            raise httpx.RemoteProtocolError(msg, request=answer.request)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - all three were asked for
    return pipe


def _keep_lines(stream: IO[bytes], log: deque[str]) -> None:
    with stream:
        for line in stream:
            log.append(line.decode(errors="replace").rstrip())
