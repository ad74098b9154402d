"""What `nsed trail verify` does: one line a file, and whether all of them hold."""

from collections.abc import Sequence
from pathlib import Path

import typer

from nsed.cli.exits import ExitCode, complain
from nsed.cli.plain_text import visible
from nsed.cli.trail_place import known_heads, signing_key_path
from nsed.protocol.errors import ConfigError
from nsed.protocol.trail_check import CheckedTrail, check_trail, parting
from nsed.trail.known_heads import Head
from nsed.trail.signing_key import read_signing_key
from nsed.trail.trusted_key import read_trusted_key

__all__ = ["verify_trails"]

_SIGNED_ANEW = (
    ". Anybody can sign a whole history anew: believe the key first, then the trail"
)


def verify_trails(files: Sequence[Path], keys: Sequence[str]) -> ExitCode:
    """Check the files against these keys, or else one's own; print how it went."""
    trusted = [read_trusted_key(key) for key in keys] or [_own_key()]
    whole: dict[str, tuple[Path, CheckedTrail]] = {}
    good = True
    for file in files:
        trail, problem = _check(file, trusted)
        if trail is not None:
            first, other = whole.setdefault(trail.run_id, (file, trail))
            problem = _known_otherwise(file, trail)
            if fork := parting(other, trail):
                problem = f"{fork}, which is what {first} has, as genuinely"
        if trail is None or problem:
            good = False
            complain(f"{file}: {problem}")
        else:
            words = (
                f"{file}: whole, {len(trail.entries)} entries of run {trail.run_id}, "
                f"head {trail.head}, signed by {trail.signer}"
            )
            typer.echo(visible(words))
    return ExitCode.ANSWER if good else ExitCode.FAILED


def _own_key() -> bytes:
    path = signing_key_path()
    own = read_signing_key(path)
    if own is None:
        raise ConfigError(
            f"{path}: you have no signing key to check against; say whom to believe "
            "with --key (a public key, or a file with one)"
        )
    return own.public_key


def _check(file: Path, trusted: Sequence[bytes]) -> tuple[CheckedTrail | None, str]:
    """The trail if it is whole, else what is wrong with it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return None, error.strerror or str(error)
    checked = check_trail(data, trusted=trusted)
    if checked.fault is None:
        return checked, ""
    anew = _SIGNED_ANEW if checked.fault.problem == "other signer" else ""
    return None, f"{checked.fault}{anew}"


def _known_otherwise(file: Path, trail: CheckedTrail) -> str:
    """Note the head of a whole trail; say so if the run is known with another."""
    heads = known_heads()
    seen = Head(trail.run_id, trail.head, trail.signer, str(file.absolute()))
    try:
        known = heads.note(seen)
    except OSError as error:
        words = f"{heads.path}: {error.strerror or error}"
        complain(f"the trail's head could not be noted in {words}", kind="warning")
        return ""
    if known is None or known.head == trail.head:
        return ""
    return (
        f"two histories: run {trail.run_id} was seen before with another end, in "
        f"{known.file}; where they part is told by: nsed trail verify BOTH FILES"
    )
