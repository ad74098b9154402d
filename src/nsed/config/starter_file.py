"""The text of a first `nsed.toml`: what was found, with comments that explain it."""

import json
import textwrap
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from nsed.brokers.public_prices import with_public_prices
from nsed.config.found import Found, FoundKey
from nsed.config.starter_experts import Starter, Starters
from nsed.models.local_servers import LocalServer
from nsed.state.expert_config import ExpertConfig
from nsed.state.roster import EMBEDDED_ROSTER

__all__ = ["experts_in", "starter_file", "uses_embedded"]

_MOST_BLOCKS = 12
"""Most models of one provider that get a block in comments; the others are named."""
_CROWD = 5
"""With more experts than so many, a team is limited to that."""
_CAP_USD = 0.25

_HEAD = """\
# Written by `nsed init`. Who may deliberate, and what a run may cost.
#   nsed config check    is this file right?
#   nsed pool            who answers?
#   nsed plan "..."      who would be asked, at what price?
# All keys: configuration.md in the documentation of nsed.
"""


def experts_in(found: Found, wanted: Collection[str]) -> int:
    """How many experts take part in the file, those of the built-in pool included."""
    parts = _parts(found, wanted)
    active = sum(one.active for _, experts in parts for one in experts)
    return active + (len(EMBEDDED_ROSTER) if _embedded(found, parts) else 0)


def uses_embedded(found: Found, wanted: Collection[str]) -> bool:
    """Whether a model takes part that runs in this program's own server."""
    parts = _parts(found, wanted)
    of_weights = any(
        one.config.provider == "embedded" for _, experts in parts for one in experts
    )
    return of_weights or _embedded(found, parts)


def starter_file(found: Found, wanted: Collection[str] = ()) -> str:
    """Write it down.

    Args:
        found: What there is.
        wanted: Models of providers that take part; the others stand in comments.

    Returns:
        A file that `load_config` takes.
    """
    parts = _parts(found, wanted)
    active = [one.config for _, experts in parts for one in experts if one.active]
    lines = [_HEAD, *_top(found, parts), *_sections(found, active)]
    for head, experts in parts:
        lines += ["", *_comment(head)]
        lines += _blocks(experts, known_prices=found.known_prices)
    for key in found.keys:
        if key.listing is None or key.listing.state != "up":
            lines += ["", *_to_fill_in(key)]
    for server in found.servers:
        if server.state == "locked":
            lines += ["", *_locked(server)]
    return "\n".join(lines) + "\n"


def _parts(found: Found, wanted: Collection[str]) -> list[tuple[str, list[Starter]]]:
    """The experts, by where they come from, with a line about each place."""
    starters = Starters()
    parts = [
        (f"{server.product} at {server.base_url}", experts)
        for server in found.servers
        if server.product != "nsed" and (experts := list(starters.served(server)))
    ]
    for key in found.keys:
        if experts := list(starters.hosted(key, wanted)):
            head = (
                f"{key.provider.title}, with the key in {key.variable}. Those in "
                "comments take part when you take the # away."
            )
            parts.append((head, experts))
    if experts := list(starters.embedded(found)):
        parts.append(("Weights that are on this machine.", experts))
    return parts


def _embedded(found: Found, parts: Sequence[tuple[str, list[Starter]]]) -> bool:
    """Whether the built-in pool takes part: it is here, or there is nobody else."""
    here = {expert.model for expert in EMBEDDED_ROSTER} <= set(found.weights)
    return here or not any(one.active for _, experts in parts for one in experts)


def _top(found: Found, parts: Sequence[tuple[str, list[Starter]]]) -> Iterator[str]:
    yield "# The built-in small models on this machine; missing weights are fetched."
    yield f"include_embedded = {'true' if _embedded(found, parts) else 'false'}"
    if found.keys:
        yield ""
        yield "# Published prices and context windows of known models of providers."
        if found.known_prices:
            yield "public_prices = true"
        else:
            yield "# public_prices = true   # first: pip install 'nsed[prices]'"


def _sections(found: Found, active: Sequence[ExpertConfig]) -> Iterator[str]:
    paid = [expert for expert in active if expert.api_key_env]
    priced = all(_priced(e, known=found.known_prices).prices.known for e in active)
    yield ""
    yield "[limits]"
    if paid and priced:
        yield f"max_usd = {_CAP_USD}   # most US dollars of one run"
    else:
        yield f"# max_usd = {_CAP_USD}   # most US dollars; every expert needs prices"
    yield "# deadline_s = 120   # seconds by the clock; then the best answer counts"
    if not active or any(expert.provider == "embedded" for expert in active):
        yield "patience_s = 90   # small models are slow: no further round after that"
    if len(active) > _CROWD:
        yield ""
        yield "[team]"
        yield "# So many are a pool to choose from; a round asks each of a team twice."
        yield f"most_proposers = {_CROWD}"
        yield f"most_reviewers = {_CROWD}"


def _blocks(experts: Sequence[Starter], *, known_prices: bool) -> Iterator[str]:
    shown = 0
    unshown = []
    for one in experts:
        if not one.active and shown >= _MOST_BLOCKS:
            unshown.append(one.config.model)
            continue
        shown += not one.active
        lines = ["[[experts]]", *_keys(one.config)]
        if one.config.api_key_env:
            lines.append(_price_remark(one.config, known=known_prices))
        yield ""
        yield from lines if one.active else (f"# {line}" for line in lines)
    if unshown:
        yield ""
        yield from _comment(f"Also listed: {', '.join(unshown)}")


def _keys(expert: ExpertConfig) -> Iterator[str]:
    """The keys that were set, in the order of the documentation."""
    given = expert.model_dump(mode="json", exclude_unset=True)
    given |= {"family": expert.family} if expert.family else {}
    order = [key for key in ExpertConfig.model_fields if key in given]
    for key in order:
        if key == "api_key_env":
            yield f'api_key = "${{{given[key]}}}"'
        else:
            yield f"{key} = {_toml(given[key])}"


def _toml(value: Any) -> str:  # noqa: ANN401 - plain data
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _priced(expert: ExpertConfig, *, known: bool) -> ExpertConfig:
    return with_public_prices(expert) if known else expert


def _price_remark(expert: ExpertConfig, *, known: bool) -> str:
    priced = _priced(expert, known=known)
    if not priced.prices.known:
        return (
            "# Its price is not known: add usd_per_mtok_input and usd_per_mtok_output."
        )
    return (
        f"# Today {priced.usd_per_mtok_input:g} in and {priced.usd_per_mtok_output:g} "
        f"out, USD per million tokens ({priced.price_source})."
    )


def _to_fill_in(key: FoundKey) -> Iterator[str]:
    why = "It gave no list of its models."
    if key.listing is None:
        why = "It was not asked what it serves: `nsed init --ask` does."
    elif key.listing.state == "locked":
        why = "It refused the key."
    yield from _comment(
        f"{key.provider.title}: {key.variable} is set. {why} Put in the id of a model "
        "and take the # away."
    )
    yield "# [[experts]]"
    yield f'# name = "{key.provider.name}"'
    yield '# model = "..."'
    if key.provider.base_url:
        yield f'# base_url = "{key.provider.base_url}"'
    yield f'# api_key = "${{{key.variable}}}"'


def _locked(server: LocalServer) -> Iterator[str]:
    yield from _comment(
        f"Somebody at {server.base_url} wants a key. Put in the id of a model and the "
        "environment variable with the key, and take the # away."
    )
    yield "# [[experts]]"
    yield '# name = "local"'
    yield '# model = "..."'
    yield f"# base_url = {json.dumps(server.base_url)}"
    yield '# api_key = "${LOCAL_API_KEY}"'
    yield "# usd_per_mtok_input = 0"
    yield "# usd_per_mtok_output = 0"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, 86, break_on_hyphens=False)]
