"""What a server says it serves: its list of models, asked for and read with care.

Asking for the list asks no model, and costs nothing.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from nsed.models.openai_endpoint import HttpClients

__all__ = [
    "Listing",
    "ListingState",
    "ServedModel",
    "context_of",
    "fetch_json",
    "fetch_listing",
]

ListingState = Literal["up", "locked", "loading", "odd", "silent", "nobody"]
"""`up`: a list came; `locked`: it wants a key, or another one; `loading`: it is not
ready yet; `odd`: something answers, but not so; `silent`: it takes the connection and
says nothing in time; `nobody`: nobody listens."""

_ID = re.compile(r"[\w./~\\-](?:[ -~]{0,198}[!-~])?", re.ASCII)
"""Names that are taken over: one line of plain characters. A path may be one."""
_NO_WRITER = re.compile(
    r"embed|rerank|whisper|transcri|moderation|dall-e|image|audio|realtime|speech|tts"
    r"|sora|veo|video|clip|ocr|guard|diffusion|flux|babbage|davinci|minilm"
    r"|(?:^|[/_-])(?:bge|gte|e5|aqa)(?=[-_:])",
    re.IGNORECASE,
)
"""Words in the names of models that do not write answers."""
_OK: Final = 200
_REFUSALS: Final[Mapping[int, ListingState]] = {
    401: "locked",
    403: "locked",
    503: "loading",
}
_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window")
"""Where vLLM, OpenRouter, Together and Groq say how long a context is."""
_MOST_MODELS: Final = 2000
_LEAST_CONTEXT, _MOST_CONTEXT = 512, 10_000_000
_LEAST_PARAMS, _MOST_PARAMS = 1_000_000, 100_000_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One model that a server lists."""

    id: str
    owner: str = ""
    """What stands under `owned_by`; it often names the product."""
    context_tokens: int | None = None
    """Longest prompt plus answer, if the server says so."""
    params_b: float | None = None
    """Parameters in billions, if the server says so."""
    writes: bool = True
    """Whether it writes answers, as far as its name or its server says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How asking for the list went, and what was on it."""

    state: ListingState
    models: tuple[ServedModel, ...] = ()
    left_out: int = 0
    """Entries without a name that can be used."""


async def fetch_listing(
    base_url: str,
    *,
    clients: HttpClients,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
) -> Listing:
    """Ask an OpenAI-compatible API for its models; never raises for what it does.

    Args:
        base_url: Root of the API, usually ending in `/v1`.
        clients: Where the HTTP client comes from.
        timeout_s: Wall-clock limit of the whole answer, in seconds.
        headers: Such as a key.
    """
    url = f"{base_url.rstrip('/')}/models"
    found = await fetch_json(url, clients=clients, timeout_s=timeout_s, headers=headers)
    if isinstance(found, str):
        return Listing(state=found)
    entries = found.get("data") if isinstance(found, dict) else found
    if entries is None and isinstance(found, dict) and found.get("object") == "list":
        entries = []  # Ollama without models
    if not isinstance(entries, list):
        return Listing(state="odd")
    models = {m.id: m for m in map(_model, entries[:_MOST_MODELS]) if m is not None}
    left_out = len(entries) - len(models)
    state: ListingState = "odd" if entries and not models else "up"
    return Listing(state=state, models=tuple(models.values()), left_out=left_out)


async def fetch_json(
    url: str,
    *,
    clients: HttpClients,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any] | list[Any] | ListingState:
    """GET a URL: its JSON (an object or a list), or what came of it instead.

    Redirects are not followed: a key must not go where nobody sent it.
    """
    client = await clients.client()  # to make it may take longer than an answer
    try:
        async with asyncio.timeout(timeout_s) as limit:
            response = await client.get(
                url, headers=dict(headers or {}), follow_redirects=False
            )
    except TimeoutError:
        if not limit.expired():
            raise
        return "silent"
    except Exception as error:  # noqa: BLE001 - of any kind: the client's own code
        return "nobody" if "Connect" in type(error).__name__ else "odd"
    refusal = _REFUSALS.get(response.status_code)
    return refusal or _json_in(response.status_code, response.content)


def _json_in(status: int, body: bytes) -> dict[str, Any] | list[Any] | ListingState:
    try:
        found = json.loads(body) if status == _OK else None
    except (ValueError, RecursionError):
        return "odd"
    return found if isinstance(found, dict | list) else "odd"


def _model(entry: object) -> ServedModel | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        return None
    owner = str(entry.get("owned_by", ""))[:64]
    name = entry["id"].removeprefix("models/" if owner == "google" else "")
    if not _ID.fullmatch(name) or "${" in name:
        return None
    found = entry.get("meta")
    meta = found if isinstance(found, dict) else {}  # llama.cpp's
    said = [*(entry.get(key) for key in _CONTEXT_KEYS), meta.get("n_ctx")]
    params = meta.get("n_params")
    kind = str(entry.get("type", ""))
    return ServedModel(
        id=name,
        owner=owner,
        context_tokens=next(filter(None, map(context_of, said)), None),
        params_b=round(params / 1e9, 3)
        if isinstance(params, int) and _LEAST_PARAMS < params < _MOST_PARAMS
        else None,
        writes=not (_NO_WRITER.search(name) or _NO_WRITER.search(kind)),
    )


def context_of(value: object) -> int | None:
    """A length of a context, in tokens, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if _LEAST_CONTEXT <= value <= _MOST_CONTEXT else None
