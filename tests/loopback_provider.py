"""An OpenAI-compatible provider on 127.0.0.1 that answers, and fails, as it is told.

    with Provider() as provider:
        provider.answers["model-x"] = [Answer("42"), Answer(status=500)]
        ...  # ask provider.url

It runs on its own loop in its own thread, so that a test may use many loops, and as
a program (`python loopback_provider.py --latency 0.05`), so that its CPU time is not
counted where that matters; it then prints its URL, gives a new answer each time and
serves until stdin closes. With `--faults 0.2` a fifth of the answers, drawn by
`--seed`, are the faults of `provider_faults.py`.
"""

import argparse
import asyncio
import json
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from provider_faults import seeded_faults
from provider_script import Answer, Script, Seen, always_new, filled

__all__ = ["Answer", "Provider", "Seen", "always_new", "filled"]


class Provider:
    """The server; enter it to start it."""

    def __init__(self, *, latency_s: float = 0, keep: int = 10_000) -> None:
        self.latency_s, self.keep = latency_s, keep
        self.answers: dict[str, Script] = {}
        """By model, `*` for any other; of a sequence the last answer is repeated."""
        self.refuses: set[str] = set()
        """Ways of asking for JSON that get a 400: `json_schema`, `tools`, …"""
        self.seen: list[Seen] = []
        """The latest requests, at most `keep`, but for those that list the models."""
        self.probes = 0
        """Requests that list the models."""
        self.listing = Answer(body=b'{"object": "list", "data": []}')
        """What they are answered."""
        self.connections = 0
        self.abandoned = 0
        """Requests whose client went away before the answer."""
        self.left = threading.Semaphore(0)
        """Released for each of them."""
        self.peak = 0
        """Most requests at one time."""
        self.sent: Callable[[Seen, Answer], object] = lambda *_: None
        """Called once an answer is on its way."""
        self.url = ""
        self._now = 0
        self._turns: dict[str, int] = {}
        self._stop: asyncio.Event
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="provider")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Close everything at once, from any thread: further connects are refused."""
        with suppress(RuntimeError):  # the loop is gone already
            self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def methods(self) -> list[str]:
        """How JSON was asked for, request by request."""
        return [seen.method for seen in self.seen]

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=2**20)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._started.set()
        await self._stop.wait()
        for listening in server.sockets:  # accept nobody else, and let talks begin:
            self._loop.remove_reader(listening.fileno())
        for _ in range(3):  # one that is cancelled before it has closes nothing
            await asyncio.sleep(0)
        server.close()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the server stops
        finally:
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Serve one request; False ends the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        seen = Seen(head[0].split()[1], headers, json.loads(body or b"{}"))
        listing = head[0].startswith("GET ")
        if listing:
            self.probes += 1
        else:
            self.seen.append(seen)
            del self.seen[: -self.keep]
        self._now += 1
        self.peak = max(self.peak, self._now)
        try:
            answer = self.listing if listing else self._answer(seen)
            gone = asyncio.ensure_future(reader.read(1))  # nobody pipelines
            late = self.latency_s + answer.delay_s
            wait = None if answer.fault == "hang" else late
            await asyncio.wait({gone}, timeout=wait)
            if gone.done():
                self.abandoned += 1
                self.left.release()
                return False
            gone.cancel()
            await asyncio.wait({gone})
        finally:
            self._now -= 1
        kept = await self._send(writer, answer, answer.payload(seen))
        if not listing:
            self.sent(seen, answer)
        return kept

    async def _send(
        self, writer: asyncio.StreamWriter, answer: Answer, payload: bytes
    ) -> bool:
        cut = answer.fault == "reset"
        lines = {
            "content-type": "application/json",
            "content-length": str(len(payload)),
            **answer.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode())
        writer.write(payload[: len(payload) // 2] if cut else payload)
        await writer.drain()
        if cut:
            writer.transport.abort()
        return not cut

    def _answer(self, seen: Seen) -> Answer:
        if seen.method in self.refuses:
            return Answer(status=400, message=f"{seen.method} is not supported")
        chosen = seen.body.get("tool_choice")
        named = [tool["function"]["name"] for tool in seen.body.get("tools", [])]
        if isinstance(chosen, dict) and chosen["function"]["name"] not in named:
            return Answer(status=400, message=f"tool_choice {chosen} is not in tools")
        model = str(seen.body.get("model"))
        script = self.answers.get(model) or self.answers.get("*") or (Answer(),)
        if callable(script):
            return script(seen)
        turn = self._turns.get(model, 0)
        self._turns[model] = turn + 1
        return script[min(turn, len(script) - 1)]


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--faults", type=float, default=0, help="share of them")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with Provider(latency_s=asked.latency, keep=1000) as provider:
        new = always_new()
        provider.answers["*"] = seeded_faults(new, share=asked.faults, seed=asked.seed)
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _main()
