"""Hypothesis strategies for the protocol's plain data."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from nsed.protocol.consensus import Candidate, text_digest
from nsed.protocol.efficiency_fatigue import UtilityCurve
from nsed.protocol.forget_gate import MemoryItem
from nsed.protocol.stopping import RoundFacts
from nsed.protocol.usage import Usage

__all__ = [
    "ballots",
    "candidates",
    "curves",
    "memories",
    "rounds",
    "texts",
    "usages",
    "world_text",
]

SENTENCES = (
    *("The sum is 12.", "The sum is 13.", "the sum is 12", "The sum is not 12."),
    *("Seven of nine agree.", "Nine of seven agree!", "So x=5.", "So x = -5?"),
    *("Because the carry of 7 and 9 is one and no more than one.", "Yes", "No."),
    "We add the first to the second, the second to the third and so on, then stop.",
)
# Graphemes of several characters: accents, ZWJ families, flags, skin tones, Hangul
# letters, Indic conjuncts, Thai, tags, variation selectors, Arabic signs, CRLF.
WORLD = (
    *("a", "Z", "7", " ", " ", ".", ". ", "! ", "\n", "\r\n", "\t", "-", "%", "not "),
    *("e\u0301", "o\u0302\u0323", " \u0301", "\u0301", "\u200d", "\u200b", "\ufe0f"),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd"),
    *("\U0001f3fb", "\U0001f1e9\U0001f1ea", "\U0001f1e9", "\u2764\ufe0f", "\u2764"),
    *("\u1112\u1161\u11ab", "\ud55c", "\u1112", "\u1161", "\u11ab", "\uac00\u11a8"),
    *("\u0915\u094d\u0937\u093f", "\u0915", "\u094d", "\u0937\u0940 ", "\u0964"),
    *("\u0e19\u0e49\u0e33", "\u0e33", "\u0e01", "\u0600", "\u06dd", "\u0d4e", "\u0661"),
    *("\u3002", "\uff01", "\u4e2d", "\u304b\u3099", "\uff76\uff9e", "\U000111c2"),
    *("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001d400", "\ud800", "\u2028"),
)


@st.composite
def ballots(
    draw: st.DrawFn, *, min_reviewers: int = 1, min_candidates: int = 1
) -> NDArray[np.float64]:
    """Weights `(reviewers, candidates)` with gaps; at least one vote."""
    shape = draw(st.integers(min_reviewers, 5)), draw(st.integers(min_candidates, 5))
    # -101 stands for a gap: one draw a cell is faster than two.
    written = draw(arrays(np.int16, shape, elements=st.integers(-101, 100)))
    weights = np.where(written < -100, np.nan, written.astype(float))
    if draw(st.booleans()):
        np.fill_diagonal(weights, np.nan)
    if np.isnan(weights).all():
        weights[0, 0] = 1.0
    return weights


@st.composite
def candidates(draw: st.DrawFn, count: int) -> list[Candidate]:
    """Proposals with few different answers, different texts and some evidence."""
    return [
        Candidate(
            answer=draw(st.sampled_from("ABC")),
            digest=text_digest(f"text {i} {draw(st.integers(0, 99))}"),
            evidence=draw(st.sampled_from([0.0, 0.0, 0.5, 2.0])),
        )
        for i in range(count)
    ]


def curves() -> st.SearchStrategy[UtilityCurve]:
    """Utility curves on which deliberation pays and tires."""
    return st.builds(
        lambda guess, edge, rate, fatigue: UtilityCurve(
            guess=guess,
            verify=guess + edge * (1 - guess),
            rate=rate,
            fatigue=fatigue,
        ),
        guess=st.floats(0, 0.95),
        edge=st.floats(0.05, 1),
        rate=st.floats(0.1, 10),
        fatigue=st.floats(1e-5, 0.1),
    )


def texts() -> st.SearchStrategy[str]:
    """Ordinary prose: short words, numbers, sentences."""
    return st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map(" ".join)


def world_text() -> st.SearchStrategy[str]:
    """Text in which many characters belong to one grapheme."""
    return st.lists(st.sampled_from(WORLD), max_size=60).map("".join)


def memories() -> st.SearchStrategy[list[MemoryItem]]:
    """Memory items of rounds 1 to 3 about three answers."""
    return st.lists(
        st.builds(
            MemoryItem,
            kind=st.sampled_from(["proposal", "critique", "claim"]),
            text=texts(),
            born_round=st.integers(1, 3),
            support=st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]),
            answer=st.sampled_from("ABC"),
        ),
        max_size=12,
    )


def rounds() -> st.SearchStrategy[list[RoundFacts]]:
    """One to five rounds of three experts."""
    support = st.dictionaries(st.sampled_from("ABC"), st.floats(-1, 1))
    return st.lists(
        st.builds(
            RoundFacts,
            answers=st.dictionaries(
                st.sampled_from(["ada", "bob", "cy"]),
                st.sampled_from("ABC"),
                min_size=1,
            ),
            winner=st.sampled_from("ABC"),
            conviction=st.floats(-1, 1),
            support=support,
            ballots=st.integers(0, 3),
            all_positive=st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )


def usages() -> st.SearchStrategy[Usage]:
    """Any usage."""
    count = st.integers(0, 10**12)
    return st.builds(Usage, *[count] * 8)
