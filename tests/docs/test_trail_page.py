"""The check that docs/trail.md shows for those who do not trust this program, works."""

import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from trails import ACTS, PUBLIC, signed

from nsed.protocol.trail import Act

PAGE = (Path(__file__).parents[2] / "docs" / "trail.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def check(trail: bytes, folder: Path) -> None:
    file = folder / "t.jsonl"
    file.write_bytes(trail)
    exec(CODE, {"KEY": PUBLIC.hex(), "FILE": str(file)})  # noqa: S102


def test_it_takes_what_was_signed(tmp_path: Path) -> None:
    check(signed([*ACTS, Act("odd", {"n": [1e20, 1e-7, 2**52, "ö"]})]), tmp_path)


def test_it_refuses_what_was_not(tmp_path: Path) -> None:
    with pytest.raises(InvalidSignature):
        check(signed().replace(b"Answer: 41", b"Answer: 43"), tmp_path)
