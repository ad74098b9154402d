"""A run record as a trail: what happened, in the order in which it happened."""

import hashlib
from collections.abc import Iterator
from typing import Any, Protocol

from nsed.config.expert import SECRET_NAME
from nsed.models.failures import redact
from nsed.protocol.trail import Act, sign_trail
from nsed.state.record import Record
from nsed.state.records import Phase
from nsed.state.run_record import RunRecord

__all__ = ["Signer", "signed_run", "trail_of"]

_ESCAPED = "\x00utf-16:"
"""Begins text that has no UTF-8 (a model may write half a surrogate pair): the UTF-16
units follow in hexadecimal. Text that begins so itself is written so as well."""
_WITHHELD = "[withheld]"


class Signer(Protocol):
    """Who signs."""

    @property
    def public_key(self) -> bytes:
        """The Ed25519 key to check with, 32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes of signature."""
        ...


def signed_run(record: RunRecord, signer: Signer) -> bytes:
    """The trail of a run as JSON Lines; equal records and signers give equal bytes.

    Raises:
        TrailError: Something in the record has no canonical JSON.
    """
    return sign_trail(
        trail_of(record),
        run_id=record.run_id,
        schema_version=record.schema_version,
        public_key=signer.public_key,
        sign=signer.sign,
    )


def trail_of(record: RunRecord) -> tuple[Act, ...]:
    """What a run did, in order.

    Within a phase the calls stand by the time they began, then what came of them by
    expert: when a reply was complete was not taken, so no time is given for it.
    Bodies are the records as their JSON has them, but for two things: a call has the
    SHA-256 of its raw reply instead of the reply, and the settings have no secrets.
    """
    return tuple(
        Act(act.kind, _plain(act.body), act.time, act.author) for act in _acts(record)
    )


def _acts(record: RunRecord) -> Iterator[Act]:
    began, verdict = record.started_at, record.verdict
    yield Act("task", {"task": record.task}, began, "user")
    yield Act("settings", _settings(record), None, "user")
    program = {"nsed_version": record.nsed_version, "graph": record.graph}
    if record.forked_from:
        program["forked_from"] = record.forked_from
    yield Act("program", {**program, "prompts": record.prompts})
    for time, pause in record.pauses.items():
        yield Act("pause", _body(pause), float(time))
    for number in _rounds(record):
        yield from _round(record, number)
    yield Act("verdict", _body(verdict), round(began + verdict.seconds, 3))


def _rounds(record: RunRecord) -> list[int]:
    kept = (
        record.teams,
        record.calls,
        record.proposals,
        record.ballots,
        record.absences,
        record.tallies,
        record.memories,
    )
    return sorted({item.round for channel in kept for item in channel.values()})


def _round(record: RunRecord, number: int) -> Iterator[Act]:
    for team in record.teams.values():
        if team.round == number:
            yield Act("binding", _body(team), team.started_at or None)
    yield from _calls(record, number, "propose")
    proposals = [p for p in record.proposals.values() if p.round == number]
    for proposal in sorted(proposals, key=lambda p: (p.expert, p.id)):
        yield Act("proposal", _body(proposal), author=f"expert:{proposal.expert}")
    yield from _absences(record, number, "propose")
    yield from _calls(record, number, "review")
    ballots = [b for b in record.ballots.values() if b.round == number]
    for ballot in sorted(ballots, key=lambda b: b.reviewer):
        yield Act("ballot", _body(ballot), author=f"expert:{ballot.reviewer}")
    yield from _absences(record, number, "review")
    for kind, channel in (("tally", record.tallies), ("memory", record.memories)):
        for item in channel.values():
            if item.round == number:
                yield Act(kind, _body(item))
    if decided := record.interventions.get(str(number)):
        yield Act("intervention", _body(decided), author="user")
    yield from _calls(record, number, "synthesize")
    if (wrote := record.synthesis) and wrote.round == number:
        yield Act("synthesis", _body(wrote), author=f"expert:{wrote.expert}")
    yield from _absences(record, number, "synthesize")


def _calls(record: RunRecord, number: int, phase: Phase) -> Iterator[Act]:
    calls = [c for c in record.calls.values() if (c.round, c.phase) == (number, phase)]
    for call in sorted(calls, key=lambda c: (c.started_at, c.id)):
        body = _body(call)
        reply = body.pop("reply").encode("utf-8", "surrogatepass")
        body["reply_sha256"] = hashlib.sha256(reply).hexdigest()
        yield Act("call", body, call.started_at or None)


def _absences(record: RunRecord, number: int, phase: Phase) -> Iterator[Act]:
    missing = record.absences.values()
    here = [a for a in missing if (a.round, a.phase) == (number, phase)]
    for absence in sorted(here, key=lambda a: (a.expert, a.kind, a.reason)):
        yield Act("absence", _body(absence))


def _settings(record: RunRecord) -> dict[str, Any]:
    """The run's settings; what is or may be a secret is withheld."""
    body = record.context.model_dump(mode="json")
    for expert in body["experts"]:
        if expert["base_url"]:
            expert["base_url"] = _quiet(expert["base_url"])
        if expert["api_key_file"]:  # where a secret lies is nobody's business either
            expert["api_key_file"] = _WITHHELD
        expert["model_kwargs"] = {
            key: _WITHHELD if SECRET_NAME.search(key) else _quiet(value)
            for key, value in expert["model_kwargs"].items()
        }
    return body


def _quiet(value: Any) -> Any:  # noqa: ANN401 - a setting
    """Withhold a text in which something looks like a key or a password."""
    if not isinstance(value, str):
        return value
    plain = " ".join(value.split())
    return value if redact(value, limit=len(value) + 1) == plain else _WITHHELD


def _body(item: Record) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Write text that has no UTF-8 in another way, nothing lost."""
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _escaped(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        fits = False
    else:
        fits = not text.startswith(_ESCAPED)
    return text if fits else _ESCAPED + text.encode("utf-16-be", "surrogatepass").hex()
