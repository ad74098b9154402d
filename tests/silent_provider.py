"""An OpenAI-compatible provider that never answers, and tells who came and left."""

import asyncio
from typing import Self

__all__ = ["SilentProvider", "silent_pool"]


class SilentProvider:
    """A server on 127.0.0.1, in the loop of the test; enter it to start it."""

    def __init__(self) -> None:
        self.url = ""
        self._came, self._left = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def asked(self, times: int) -> None:
        """Wait until so many have asked."""
        for _ in range(times):
            await self._came.acquire()

    async def left(self, times: int) -> None:
        """Wait until so many have hung up."""
        for _ in range(times):
            await self._left.acquire()

    async def _listen(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if await reader.read(1):
            self._came.release()
            while await reader.read(65536):
                pass
            self._left.release()
        writer.close()


def silent_pool(url: str) -> str:
    """A configuration of two experts there."""
    return "".join(
        f"""
[[experts]]
name = "{name}"
provider = "openai"
model = "m-{name}"
base_url = "{url}"
usd_per_mtok_input = 1
usd_per_mtok_output = 1
"""
        for name in ("ada", "bob")
    )
