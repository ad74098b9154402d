"""Single changes to a trail, drawn at random: what a stranger or a bad disk may do."""

import hashlib
import random
from collections.abc import Callable
from typing import Any

from trails import PUBLIC, THEIRS, lines_of, signed

from nsed.protocol.canonical_json import canonical_json, read_canonical_json
from nsed.protocol.trail import Act
from nsed.protocol.trail_entry import signed_bytes

__all__ = ["Mutations", "first_difference"]

THEIR_PUBLIC = THEIRS.public_key().public_bytes_raw()


def first_difference(original: bytes, mutant: bytes) -> int:
    """Number of the first line that is not the original's, 0-based."""
    pairs = zip(lines_of(original), lines_of(mutant), strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    return min(len(lines_of(original)), len(lines_of(mutant))) if same is None else same


class Mutations:
    """Single changes to one trail, drawn at random."""

    def __init__(self, trail: bytes, stranger: bytes, rng: random.Random) -> None:
        self.trail, self.lines = trail, lines_of(trail)
        self.strange = lines_of(stranger)
        self.rng = rng

    def kinds(self) -> dict[str, Callable[[], bytes]]:
        return {
            "bit flipped": self.flip,
            "byte inserted": self.insert_byte,
            "byte deleted": self.delete_byte,
            "white space": self.white_space,
            "value edited": self.edit_value,
            "key edited": self.edit_key,
            "field edited": self.edit_field,
            "edited, chain mended": self.edit_and_mend,
            "edited, signed by another": self.edit_and_sign,
            "dropped": self.drop,
            "duplicated": self.duplicate,
            "swapped": self.swap,
            "truncated by lines": self.truncate,
            "truncated by bytes": self.cut,
            "inserted from another run": self.insert_line,
            "replaced by another run's": self.replace_line,
            "signed anew by another": self.sign_anew,
            "signed anew under my name": self.sign_under_my_name,
        }

    def join(self, lines: list[bytes]) -> bytes:
        return b"".join(line + b"\n" for line in lines)

    def place(self) -> int:
        return self.rng.randrange(len(self.lines))

    def flip(self) -> bytes:
        at = self.rng.randrange(len(self.trail))
        bit = 1 << self.rng.randrange(8)
        return self.trail[:at] + bytes([self.trail[at] ^ bit]) + self.trail[at + 1 :]

    def insert_byte(self) -> bytes:
        at = self.rng.randrange(len(self.trail) + 1)
        return self.trail[:at] + self.rng.randbytes(1) + self.trail[at:]

    def delete_byte(self) -> bytes:
        at = self.rng.randrange(len(self.trail))
        return self.trail[:at] + self.trail[at + 1 :]

    def white_space(self) -> bytes:
        at = self.rng.randrange(len(self.trail) + 1)
        space = self.rng.choice([b" ", b"\t", b"\r", b"\n", b"\xef\xbb\xbf"])
        return self.trail[:at] + space + self.trail[at:]

    def edit_value(
        self, *, mend: Callable[[dict[str, Any]], Any] | None = None
    ) -> bytes:
        at = self.place()
        fields = read_canonical_json(self.lines[at])
        holder, key = self.rng.choice(list(leaves(fields)))
        holder[key] = self.other_than(holder[key])
        if mend is not None:
            mend(fields)
        return self.join(
            [*self.lines[:at], canonical_json(fields), *self.lines[at + 1 :]]
        )

    def edit_key(self) -> bytes:
        at = self.place()
        fields = read_canonical_json(self.lines[at])
        maps = [fields, *(h for h, _ in leaves(fields) if isinstance(h, dict))]
        holder = self.rng.choice(maps)
        key = self.rng.choice(list(holder))
        holder[key + self.rng.choice(["x", "\x00", "é"])] = holder.pop(key)
        return self.join(
            [*self.lines[:at], canonical_json(fields), *self.lines[at + 1 :]]
        )

    def edit_field(self) -> bytes:
        at = self.place()
        fields = read_canonical_json(self.lines[at])
        name = self.rng.choice(list(fields))
        fields[name] = self.other_than(fields[name])
        return self.join(
            [*self.lines[:at], canonical_json(fields), *self.lines[at + 1 :]]
        )

    def edit_and_mend(self) -> bytes:
        """Edit, and mend every later `prev`, as one without the key can."""
        lines = lines_of(self.edit_value())
        at = first_difference(self.trail, self.join(lines))
        for number in range(at + 1, len(lines)):
            fields = read_canonical_json(lines[number])
            fields["prev"] = hashlib.sha256(lines[number - 1]).hexdigest()
            lines[number] = canonical_json(fields)
        return self.join(lines)

    def edit_and_sign(self) -> bytes:
        def sign(fields: dict[str, Any]) -> None:
            fields["signature"] = THEIRS.sign(signed_bytes(fields)).hex()

        return self.edit_value(mend=sign)

    def drop(self) -> bytes:
        at = self.place()
        return self.join([*self.lines[:at], *self.lines[at + 1 :]])

    def duplicate(self) -> bytes:
        at, to = self.place(), self.rng.randrange(len(self.lines) + 1)
        return self.join([*self.lines[:to], self.lines[at], *self.lines[to:]])

    def swap(self) -> bytes:
        lines = [*self.lines]
        one, other = self.rng.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
        return self.join(lines)

    def truncate(self) -> bytes:
        return self.join(self.lines[: self.place()])

    def cut(self) -> bytes:
        return self.trail[: self.rng.randrange(len(self.trail))]

    def insert_line(self) -> bytes:
        to = self.rng.randrange(len(self.lines) + 1)
        stranger = self.rng.choice(self.strange)
        return self.join([*self.lines[:to], stranger, *self.lines[to:]])

    def replace_line(self) -> bytes:
        at = self.rng.randrange(len(self.lines))
        stranger = self.strange[min(at, len(self.strange) - 1)]
        return self.join([*self.lines[:at], stranger, *self.lines[at + 1 :]])

    def sign_anew(self) -> bytes:
        return self.signed_by_them(THEIR_PUBLIC)

    def sign_under_my_name(self) -> bytes:
        return self.signed_by_them(PUBLIC)

    def signed_by_them(self, public: bytes) -> bytes:
        told = [read_canonical_json(line) for line in self.lines]
        acts = [Act(f["kind"], f["body"], f["time"], f["author"]) for f in told[1:-1]]
        run_id = told[0]["body"]["run_id"]
        return signed(acts, key=THEIRS, public=public, run_id=run_id)

    def other_than(self, value: Any) -> Any:
        """Another value of this kind, or of another kind."""
        near: list[Any] = [None, True, False, 0, 1, -1.5, "", "x", [], {}]
        if isinstance(value, str) and value:
            at = self.rng.randrange(len(value))
            near = [value[:at] + value[at + 1 :], value.swapcase(), value + " ", *near]
        if isinstance(value, int | float) and not isinstance(value, bool):
            near = [value + 1, -value, value / 2, str(value), *near]
        # As canonical JSON: 1 and 1.0 are the same.
        old = canonical_json(value)
        return self.rng.choice([new for new in near if canonical_json(new) != old])


def leaves(value: Any) -> Any:
    """Every place of a value that holds no other places, as holder and key."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner)
        else:
            yield value, key
