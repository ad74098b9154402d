"""A trail: chained, signed, and the same bytes for the same history and key."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trails import MINE, PUBLIC, TEXTS, VALUES, lines_of, signed

from nsed.protocol.errors import TrailError
from nsed.protocol.trail import Act
from nsed.protocol.trail_check import check_trail
from nsed.protocol.trail_entry import key_text, read_key_text

BODIES = st.dictionaries(TEXTS, VALUES, max_size=3)
TIMES = st.none() | st.floats(0, 4e9)
HISTORIES = st.lists(st.builds(Act, st.just("act"), BODIES, TIMES, TEXTS), max_size=4)

# One act, signed with the key of RFC 8032, TEST 1.
HASHES = (
    b"64930ae25ccb5bcb8f6c5e9bf443c044a47cff4d6a93de485fe04659270fd04d",
    b"78bf9cb538305cd019050b37d9874b342cb93120610eb9819846986d82a3167c",
)
SIGNATURES = (
    (
        b"8dfea71e8364927770bf8cb99f91e865066eb23766d0236ea948055852e86db3"
        b"47f3748ca8d246e74df54b4988e064b39b4d8b4c0024de5bdb80e4ec5ec80e07"
    ),
    (
        b"d92d7aa60ba4bbcdf81b5ec88bee3c82843d3d3ee037f1840811f8dec424bda5"
        b"30ba5bc0bc084f863dfbe6a3dd57bcc2303814423a5f71229bbe06e9fd439c0e"
    ),
    (
        b"6a010e1e13f3cc8811051c44d1faf5912ddd74176195407435a474ced3318a3e"
        b"fb857b59bff838c98406086b92933d8c477424d66adf318a1a668d1445edd101"
    ),
)
WORKED = (
    b'{"author":"nsed","body":{"run_id":"r1","schema_version":1,"signer":"ed25519:'
    b'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a","trail":1},'
    b'"kind":"begin","prev":"%b","seq":0,"signature":"%b","time":null}\n'
    b'{"author":"user","body":{"task":"What is 6 * 7?"},"kind":"task",'
    b'"prev":"%b","seq":1,"signature":"%b","time":1.5}\n'
    b'{"author":"nsed","body":{"entries":3,"head":"%b"},"kind":"end",'
    b'"prev":"%b","seq":2,"signature":"%b","time":null}\n'
) % (
    *(b"0" * 64, SIGNATURES[0]),
    *(HASHES[0], SIGNATURES[1]),
    *(HASHES[1], HASHES[1], SIGNATURES[2]),
)


def test_worked_example() -> None:
    trail = signed([Act("task", {"task": "What is 6 * 7?"}, 1.5, "user")])

    assert trail == WORKED


def test_it_can_be_checked_with_any_json_sha_256_and_ed25519() -> None:
    """What docs/trail.md tells who does not trust this program."""
    prev = "0" * 64
    for seq, line in enumerate(lines_of(signed())):
        entry = json.loads(line)
        assert (entry["seq"], entry["prev"]) == (seq, prev)
        signature = bytes.fromhex(entry.pop("signature"))
        text = json.dumps(
            entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        MINE.public_key().verify(signature, b"nsed trail 1\n" + text.encode())
        prev = hashlib.sha256(line).hexdigest()


@given(acts=HISTORIES)
def test_what_was_signed_is_whole_and_says_the_same(acts: list[Act]) -> None:
    checked = check_trail(signed(acts), trusted=[PUBLIC])

    told = [Act(e.kind, e.body, e.time, e.author) for e in checked.entries]
    assert checked.fault is None
    assert told[1:-1] == acts
    assert (told[0].kind, told[-1].kind) == ("begin", "end")


@given(acts=HISTORIES)
def test_the_same_history_and_key_give_the_same_bytes(acts: list[Act]) -> None:
    assert signed(acts) == signed(acts)


def test_a_whole_trail_tells_run_signer_and_head() -> None:
    trail = signed(run_id="run 7")
    checked = check_trail(trail, trusted=[PUBLIC])

    assert checked.run_id == "run 7"
    assert checked.signer == key_text(PUBLIC)
    assert checked.head == hashlib.sha256(lines_of(trail)[-1]).hexdigest()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"spent": float("nan")}, "entry 1 .task. .*'body'.'spent': nan"),
        ({"tokens": 2**53}, r"'body'.'tokens': a whole number beyond 2\*\*53"),
        ({"text": "\ud83d"}, "'body'.'text': half a surrogate pair"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(
    body: dict[str, object], words: str
) -> None:
    with pytest.raises(TrailError, match=words):
        signed([Act("task", body)])


def test_a_key_as_text_comes_back() -> None:
    assert read_key_text(key_text(PUBLIC)) == PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        *("", "ed25519:", "a" * 64),
        *("ed25519:" + rest for rest in ("A" * 64, "a" * 63, "a" * 64 + "\n")),
    ],
)
def test_a_key_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        read_key_text(text)
