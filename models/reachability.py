"""Whether anybody is at a URL: a cheap question, for which no model is asked."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress

from nsed.models.failures import classify, redact
from nsed.models.openai_endpoint import HttpClients
from nsed.protocol.errors import ConfigError, ExpertError
from nsed.state.expert_config import ExpertConfig

__all__ = ["unreachable"]

KeyOf = Callable[[ExpertConfig], str | None]

CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset"),
    (BrokenPipeError, "connection reset"),
    (socket.gaierror, "no such host"),
    (ssl.SSLError, "no secure connection"),
)
"""What the system says, in plain words; the first that fits."""


async def unreachable(
    configs: Iterable[ExpertConfig],
    key_of: KeyOf,
    clients: HttpClients,
    timeout_s: float,
    patient_with: Collection[str] = (),
) -> dict[str, str]:
    """Ask every URL once, all at the same time, for its list of models.

    Whoever answers over HTTP is there, whatever he answers: a refusal, too.

    Args:
        configs: Experts; those without a URL of their own are not asked.
        key_of: Finds an expert's key, off the loop; may raise `ConfigError`.
        clients: Where the HTTP client comes from.
        timeout_s: Wall-clock limit of each answer, in seconds.
        patient_with: Experts who answered a moment ago: that their URL takes longer
            than this is no sign that it is gone, a serial server may be at work.

    Returns:
        The cause by name, in plain words and without secrets, of experts who are gone.
    """
    by_url: dict[str, list[ExpertConfig]] = {}
    for config in configs:
        if config.provider == "openai" and config.base_url is not None:
            by_url.setdefault(config.base_url, []).append(config)

    async def ask(url: str) -> str | None:
        key = await asyncio.to_thread(_first_key, by_url[url], key_of)
        patient = any(config.name in patient_with for config in by_url[url])
        return await _silence_at(url, key, clients, timeout_s, patient=patient)

    async with asyncio.TaskGroup() as tasks:
        asked = {url: tasks.create_task(ask(url)) for url in by_url}
    return {
        config.name: cause
        for url, mine in by_url.items()
        if (cause := asked[url].result()) is not None
        for config in mine
    }


def _first_key(configs: Iterable[ExpertConfig], key_of: KeyOf) -> str | None:
    """The first key there is; that one is missing is for others to tell."""
    for config in configs:
        with suppress(ConfigError):
            if key := key_of(config):
                return key
    return None


async def _silence_at(
    base_url: str,
    key: str | None,
    clients: HttpClients,
    timeout_s: float,
    *,
    patient: bool,
) -> str | None:
    client = await clients.client()  # to make it may take longer than an answer

    async def knock() -> None:
        # The head will do: a redirect is an answer, and so is a body without an end.
        async with client.stream(
            "GET",
            f"{base_url.rstrip('/')}/models",
            headers={"authorization": f"Bearer {key}"} if key else {},
            follow_redirects=False,
        ):
            pass

    try:
        async with asyncio.timeout(timeout_s) as limit:
            try:
                await knock()
            except Exception as error:  # of any kind: it is the client's own code
                raise classify(error) from error
    except TimeoutError:
        if not limit.expired():
            raise
        if patient:
            return None
        cause = f"no answer within {timeout_s:g} s"
    except ExpertError as error:
        cause = _plain_cause(error) or str(error)
    else:
        return None
    return redact(f"nobody answers at {base_url} ({cause})", secrets=(key or "",))


def _plain_cause(error: BaseException) -> str | None:
    led = list(_led_to(error))
    return next(
        (words for kind, words in CAUSES if any(isinstance(e, kind) for e in led)), None
    )


def _led_to(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that led to it."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
