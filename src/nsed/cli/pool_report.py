"""The pool, for people: who is up at what price, and what was seen of everybody."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from nsed.cli.plain_text import one_line
from nsed.cli.pool_member import Member, probes_usage
from nsed.cli.standing import Standing
from nsed.phrases import ago, plural, usd
from nsed.state.expert_config import ExpertConfig

__all__ = ["pool_report"]

_NOTHING = "–"
_STYLES = {"up": "green", "down": "bold red"}
_REASON_CHARS = 300
_MODEL_CHARS = 60
_NAME_CHARS = 24


def pool_report(members: Sequence[Member], now: float) -> Iterator[RenderableType]:
    """Two tables, why whoever is not up is not, and what the probes cost."""
    yield _offers(members)
    for member in members:
        standing = member.standing
        if standing is not None and standing.reason:
            kind = f" ({standing.kind})" if standing.kind else ""
            reason = one_line(standing.reason, _REASON_CHARS)
            words = f"{member.config.name} {_state(standing)}{kind}: {reason}"
            yield Text(words, "red")
    yield from (Text("\nSeen so far", "bold"), _seen(members, now))
    yield Text("Right: the chance that its unaided answer is, in general.", "dim")
    yield from _circuits(members, now)
    probed = probes_usage(members)
    if probed.calls:
        yield Text(
            f"The probes took {plural(probed.calls, 'call')}, "
            f"{plural(probed.tokens, 'token')}, {usd(probed)} USD.",
            "dim",
        )


def _offers(members: Sequence[Member]) -> Table:
    table = _table()
    table.add_column("Expert", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("USD/Mtok", overflow="fold")
    table.add_column("Host", overflow="fold")
    table.add_column("Model", overflow="fold")
    for member in members:
        config = member.config
        model = config.model or config.model_class or ""
        table.add_row(
            Text(one_line(config.name, _NAME_CHARS), "bold"),
            _standing(member.standing),
            Text(_prices(config)),
            Text(_memory(config)),
            Text(one_line(f"{config.provider} {model}", _MODEL_CHARS)),
        )
    return table


def _seen(members: Sequence[Member], now: float) -> Table:
    table = _table()
    table.add_column("Expert", overflow="fold")
    for header in (
        "Calls",
        "Failed",
        "p95 s",
        "Tok/s",
        "First s",
        "Right, 90 %",
        "Last seen",
    ):
        table.add_column(header, justify="right", no_wrap=True)
    for member in members:
        seen, chance = member.known.summary, member.known.chance
        low, high = chance.interval
        table.add_row(
            Text(one_line(member.config.name, _NAME_CHARS), "bold"),
            f"{seen.calls_ever:,}",
            _number(seen.failure_rate, 100, 0, " %"),
            _number(seen.p95_latency_ms, 1e-3, 2),
            _number(seen.tokens_per_s, 1, 0),
            _number(seen.first_token_ms, 1e-3, 2),
            f"{chance.mean:.2f} ({low:.2f}–{high:.2f})",
            _NOTHING if seen.last_seen is None else ago(now - seen.last_seen),
        )
    return table


def _circuits(members: Sequence[Member], now: float) -> Iterator[Text]:
    """Whom a run would not ask for a while, or only on trial."""
    closed = True
    for member in members:
        circuit = member.known.circuit
        if circuit.state == "closed":
            continue
        closed = False
        state = "half open, the next call decides"
        if circuit.state == "open":
            state = f"open for {max(0.0, (circuit.until or now) - now):.0f} s more"
        words = f"Circuit of {member.config.name}: {state} ({circuit.cause})"
        yield Text(words, "red" if circuit.state == "open" else "yellow")
    if closed:
        yield Text("All circuits are closed.", "dim")


def _table() -> Table:
    return Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)


def _standing(standing: Standing | None) -> Text:
    if standing is None:
        return Text("not asked", "dim")
    state = standing.state
    took = standing.latency_ms
    seconds = "" if state != "up" or took is None else f" {took / 1000:.1f} s"
    return Text(f"{state}{seconds}", _STYLES.get(state, "yellow"))


def _state(standing: Standing) -> str:
    verb = "has" if standing.state.startswith("no ") else "is"
    return f"{verb} {standing.state}"


def _prices(config: ExpertConfig) -> str:
    if not config.prices.known:
        return "unknown"
    pair = f"{config.usd_per_mtok_input:g} in, {config.usd_per_mtok_output:g} out"
    return (
        f"{pair} ({one_line(config.price_source, 40)})" if config.price_source else pair
    )


def _memory(config: ExpertConfig) -> str:
    if config.host is None:
        return _NOTHING
    size = config.vram_bytes
    memory = "memory unknown" if size is None else f"{size / 1e9:.1f} GB"
    return f"{one_line(config.host, 40)}, {memory}"


def _number(value: float | None, factor: float, digits: int, unit: str = "") -> str:
    return _NOTHING if value is None else f"{value * factor:,.{digits}f}{unit}"
