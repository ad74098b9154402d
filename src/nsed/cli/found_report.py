"""What `nsed init` found and did not find, for people and as JSON."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from nsed.cli.plain_text import one_line
from nsed.config.api_providers import API_PROVIDERS
from nsed.config.found import Found, FoundKey
from nsed.models.local_servers import USUAL_PLACES, LocalServer
from nsed.phrases import plural

__all__ = ["found_json", "found_report"]

_NAMES_CHARS = 60
_SAID = {
    "locked": "wants a key",
    "loading": "not ready yet: try again",
    "odd": "answers, but not with a list of models",
    "silent": "takes the call and says nothing",
    "nobody": "nobody there",
}


def found_report(found: Found) -> Group:
    """A table of what is there, and a line of what is not."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for header in ("Looked for", "Where", "Found"):
        table.add_column(header, overflow="fold")
    for server in found.servers:
        who = server.product if server.state == "up" else _expected(server)
        table.add_row(who, Text(server.base_url), Text(_of_server(server)))
    for key in found.keys:
        table.add_row(key.provider.title, key.variable, Text(_of_key(key)))
    table.add_row("Weights", "this machine", Text(", ".join(found.weights) or "none"))
    unset = ", ".join(_unset(found))
    return Group(table, Text(f"No key in: {unset}" if unset else ""))


def found_json(found: Found) -> dict[str, Any]:
    """The same; of keys the names of their variables."""
    return {
        "keys": [
            {
                "provider": key.provider.name,
                "variable": key.variable,
                "base_url": key.provider.api_url,
                "asked": key.listing.state if key.listing else None,
                "models": [
                    {"id": m.id, "context_tokens": m.context_tokens, "writes": m.writes}
                    for m in (key.listing.models if key.listing else ())
                ],
            }
            for key in found.keys
        ],
        "servers": [
            {
                "base_url": server.base_url,
                "state": server.state,
                "product": server.product if server.state == "up" else None,
                "concurrency": server.concurrency,
                "models": [
                    {"id": m.id, "context_tokens": m.context_tokens, "writes": m.writes}
                    for m in server.models
                ],
            }
            for server in found.servers
        ],
        "weights": list(found.weights),
        "unset": list(_unset(found)),
    }


def _unset(found: Found) -> Iterator[str]:
    known = {key.provider.name for key in found.keys}
    for provider in API_PROVIDERS:
        if provider.name not in known:
            yield provider.variables[0]


def _expected(server: LocalServer) -> str:
    return USUAL_PLACES.get(server.base_url, "a server")


def _of_server(server: LocalServer) -> str:
    if server.state != "up":
        return _SAID[server.state]
    if server.product == "nsed":
        return "nsed itself: it is no expert of its own"
    writing = [model.id for model in server.models if model.writes]
    others = len(server.models) - len(writing) + server.left_out
    rest = f"; {others} left out: they write no answers" if others else ""
    return _names(writing) + rest


def _of_key(key: FoundKey) -> str:
    if key.listing is None:
        return "is set; not asked (--ask)"
    if key.listing.state == "locked":
        return "is set; refused"
    if key.listing.state != "up":
        return f"is set; {_SAID[key.listing.state]}"
    return "is set; " + _names([m.id for m in key.listing.models if m.writes])


def _names(names: list[str]) -> str:
    if not names:
        return "serves no model that writes answers"
    shown = one_line(", ".join(names), _NAMES_CHARS)
    return f"{plural(len(names), 'model')}: {shown}"
