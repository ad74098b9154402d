"""Replies kept in a file, on a thread of their own: the event loop never waits."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.outputs import Generation
from pydantic import BaseModel, ConfigDict, ValidationError

from nsed.models.base import Reply
from nsed.models.community import community_cache
from nsed.protocol.usage import Usage
from nsed.state.expert_config import BallotMethod

__all__ = ["ResponseCache"]

FORM = "nsed-reply-1"
"""What is kept; another form is another entry."""
PATIENCE_S = 2.0
"""A cache that does not answer in this many seconds has no answer."""
PAUSE_S = 30.0
"""After trouble the file is let alone for this many seconds."""

_log = logging.getLogger(__name__)


class _Kept(BaseModel):
    """What is kept of a reply: all but what it cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    truncated: bool
    method: BallotMethod


class ResponseCache:
    """Finds and keeps replies by key.

    It is opened when it is first needed, off the loop, and may be shared by loops and
    by processes. Trouble with the file (it is locked, the disk is full) costs no reply:
    it is logged, and for a while nothing is found or kept.
    """

    def __init__(self, path: Path | str) -> None:
        """Open nothing yet."""
        self.path = Path(path).expanduser()
        # One thread: what was put is found by whoever looks next.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="response-cache")
        self._opened: BaseCache | None = None
        self._paused_until = 0.0

    async def ready(self) -> None:
        """Open the file.

        Raises:
            ConfigError: It cannot be used.
        """
        await self._run(self._open)

    async def get(self, key: str) -> Reply | None:
        """Look for a reply; it costs nothing, and says that it was kept.

        Raises:
            ConfigError: As `ready`.
        """
        if self._opened is None:
            await self.ready()
        try:
            async with asyncio.timeout(PATIENCE_S):
                kept: _Kept | None = await self._run(self._find, key)
        except TimeoutError:
            return None
        if kept is None:
            return None
        return Reply(usage=Usage(), cached=True, **kept.model_dump())

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply. Returns at once: whoever is cut off now has lost nothing."""
        kept = _Kept(text=reply.text, truncated=reply.truncated, method=reply.method)
        self._thread.submit(self._keep, key, kept)

    async def flush(self) -> None:
        """Wait until all is written."""
        await self._run(int)

    async def _run(self, does: Any, *args: object) -> Any:  # noqa: ANN401 - any function
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, does, *args
        )

    def _open(self) -> BaseCache:
        if self._opened is None:
            self._opened = community_cache(self.path)
        return self._opened

    def _find(self, key: str) -> _Kept | None:
        if time.monotonic() < self._paused_until:
            return None
        try:
            found = self._open().lookup(key, FORM)
            return _Kept.model_validate_json(found[0].text) if found else None
        except (OSError, ValidationError) as error:
            self._pause("read", error)
            return None

    def _keep(self, key: str, kept: _Kept) -> None:
        if time.monotonic() < self._paused_until:
            return
        try:
            self._open().update(key, FORM, [Generation(text=kept.model_dump_json())])
        except OSError as error:
            self._pause("written", error)

    def _pause(self, verb: str, error: Exception) -> None:
        _log.warning("response cache %s: not %s: %s", self.path, verb, error)
        self._paused_until = time.monotonic() + PAUSE_S
