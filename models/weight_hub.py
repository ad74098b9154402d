"""A model hub as a source: one file over HTTP, resumed where it broke off."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from nsed.models.weight_partial import PartialFile, require_space
from nsed.models.weight_sources import Report, SourceError
from nsed.models.weights_manifest import Weight

__all__ = ["HubRepository"]


@dataclass(frozen=True, kw_only=True)
class HubRepository:
    """The repository that a weight's `hub` entry names."""

    endpoint: str = "https://huggingface.co"
    """The hub, or a mirror that has the same paths."""
    connect_timeout_s: float = 3
    """Short, so that a machine without the hub soon asks the next source."""
    read_timeout_s: float = 30
    """Longest silence within a download."""
    attempts: int = 3
    """How often in a row a connection may break without a new byte."""

    @property
    def name(self) -> str:
        """The hub's host name."""
        return httpx.URL(self.endpoint).host or self.endpoint

    def fetch(self, weight: Weight, partial: PartialFile, report: Report) -> None:
        """Append what is missing, asking again where a connection broke.

        Raises:
            SourceError: Not there, out of reach, of another size, or broken for good.
            DiskFullError: There is no room for it.
        """
        if weight.hub is None:
            raise SourceError("no repository is known for these bytes")
        hub = weight.hub
        url = (
            f"{self.endpoint.rstrip('/')}/{hub.repo}/resolve/{hub.revision}/"
            f"{quote(hub.file)}"
        )
        timeout = httpx.Timeout(self.read_timeout_s, connect=self.connect_timeout_s)
        require_space(partial)
        with httpx.Client(timeout=timeout, follow_redirects=True) as client:
            left = self.attempts
            while partial.missing:
                before = partial.size
                try:
                    _fetch_rest(client, url, partial, report)
                except httpx.ConnectError as error:
                    raise SourceError(f"out of reach ({error})") from error
                except httpx.ConnectTimeout as error:
                    raise SourceError("out of reach (timed out)") from error
                except httpx.HTTPError as error:
                    left = self.attempts if partial.size > before else left - 1
                    if left <= 0:
                        raise SourceError(_broken(partial, error)) from error


def _broken(partial: PartialFile, error: httpx.HTTPError) -> str:
    why = str(error) or type(error).__name__
    return f"broke off after {partial.size} of {partial.full_size} bytes ({why})"


def _fetch_rest(
    client: httpx.Client, url: str, partial: PartialFile, report: Report
) -> None:
    with _ask(client, url, partial) as response:
        partial.append(_no_more_than(partial.missing, response), report)


@contextmanager
def _ask(
    client: httpx.Client, url: str, partial: PartialFile
) -> Iterator[httpx.Response]:
    """Ask for the missing bytes; cut the partial file if the answer starts at 0."""
    # A packed answer has no byte ranges, and a GGUF hardly shrinks.
    headers = {"Accept-Encoding": "identity"}
    start = partial.size
    if start:
        headers["Range"] = f"bytes={start}-"
    with client.stream("GET", url, headers=headers) as response:
        match response.status_code:
            case httpx.codes.OK:
                partial.truncate(0)
                _check_length(response, expected=partial.full_size)
            case httpx.codes.PARTIAL_CONTENT:
                got = response.headers.get("Content-Range", "")
                if not got.startswith(f"bytes {start}-"):
                    raise SourceError(f"answered another range than asked: {got!r}")
                _check_length(response, expected=partial.full_size - start)
            case status:
                raise SourceError(f"HTTP {status} for {url}")
        yield response


def _check_length(response: httpx.Response, *, expected: int) -> None:
    length = response.headers.get("Content-Length", str(expected))
    if length != str(expected):
        raise SourceError(f"offers {length} bytes where {expected} are expected")


def _no_more_than(limit: int, response: httpx.Response) -> Iterator[bytes]:
    """Pass the body on, but never more of it than the file can hold."""
    for block in response.iter_raw():
        if len(block) > limit:
            raise SourceError("sends more bytes than the file has", untrusted=True)
        limit -= len(block)
        yield block
