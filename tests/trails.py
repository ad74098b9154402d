"""Trails with fixed keys, equal bytes on every machine; and whatever JSON can hold."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from nsed.protocol.trail import Act, sign_trail

__all__ = [
    "ACTS",
    "MINE",
    "PUBLIC",
    "TEXTS",
    "THEIRS",
    "VALUES",
    "lines_of",
    "signed",
]

# RFC 8032, section 7.1: the secret keys of TEST 1 and TEST 2.
MINE = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
THEIRS = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
)
PUBLIC = MINE.public_key().public_bytes_raw()
ACTS = (
    Act("task", {"task": "What is 6 * 7?"}, 1.5, "user"),
    Act("proposal", {"text": "Answer: 42", "ns": 0.25}, None, "expert:ada"),
    Act("proposal", {"text": "Answer: 41", "ns": None}, None, "expert:bob"),
    Act("verdict", {"answer": "42", "notes": ["größer", True, 7]}, 2.0),
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


def signed(
    acts: Sequence[Act] = ACTS,
    *,
    key: Ed25519PrivateKey = MINE,
    public: bytes | None = None,
    run_id: str = "r1",
) -> bytes:
    """Sign some acts; `public` is the key that the trail claims."""
    return sign_trail(
        acts,
        run_id=run_id,
        schema_version=1,
        public_key=public or key.public_key().public_bytes_raw(),
        sign=key.sign,
    )


def lines_of(trail: bytes) -> list[bytes]:
    """Its lines, without their ends."""
    return trail.split(b"\n")[:-1]
