"""Who reviews what."""

import os
import subprocess
import sys
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.peer_review import assign_reviews

NAMES = ["ada", "bob", "cy", "dee", "eve", "fay"]


@st.composite
def panels(draw: st.DrawFn) -> tuple[dict[str, str], list[str], int]:
    """Authors of up to eight proposals, reviewers, and k."""
    authors = draw(st.lists(st.sampled_from(NAMES), max_size=8))
    reviewers = draw(st.lists(st.sampled_from(NAMES), unique=True))
    k = draw(st.integers(1, 6))
    return {f"p{i}": author for i, author in enumerate(authors)}, reviewers, k


def test_worked_example() -> None:
    """Everybody judges everything but his own."""
    authors = {"p1": "ada", "p2": "bob", "p3": "cy"}

    assert assign_reviews(authors, ["ada", "bob", "cy", "dee"]) == {
        "ada": ("p2", "p3"),
        "bob": ("p1", "p3"),
        "cy": ("p1", "p2"),
        "dee": ("p1", "p2", "p3"),
    }


@given(panel=panels(), seed=st.integers())
def test_nobody_reviews_himself(
    panel: tuple[dict[str, str], list[str], int], seed: int
) -> None:
    authors, reviewers, k = panel
    for limit in (k, None):
        duty = assign_reviews(authors, reviewers, reviews_per_proposal=limit, seed=seed)
        assert all(authors[p] != r for r, ids in duty.items() for p in ids)


@given(panel=panels(), seed=st.integers())
def test_each_proposal_has_k_reviewers_or_all_there_are(
    panel: tuple[dict[str, str], list[str], int], seed: int
) -> None:
    authors, reviewers, k = panel
    duty = assign_reviews(authors, reviewers, reviews_per_proposal=k, seed=seed)

    assert set(duty) == set(reviewers)
    for proposal, author in authors.items():
        able = len(set(reviewers) - {author})
        given_to = [r for r, ids in duty.items() for p in ids if p == proposal]
        assert len(given_to) == len(set(given_to)) == min(k, able)


@given(count=st.integers(2, 16), k=st.integers(1, 16), seed=st.integers(0, 999))
def test_with_one_proposal_each_everybody_judges_exactly_k(
    count: int, k: int, seed: int
) -> None:
    names = [f"expert {i}" for i in range(count)]
    authors = {f"p{i}": name for i, name in enumerate(names)}

    duty = assign_reviews(authors, names, reviews_per_proposal=k, seed=seed)

    assert {len(ids) for ids in duty.values()} == {min(k, count - 1)}


@given(
    authors=st.lists(st.sampled_from(NAMES), unique=True),
    reviewers=st.lists(st.sampled_from(NAMES), unique=True, min_size=1),
    k=st.integers(1, 6),
    seed=st.integers(0, 999),
)
def test_loads_differ_by_one_at_most_where_nobody_wrote_two(
    authors: list[str], reviewers: list[str], k: int, seed: int
) -> None:
    written = {f"p{i}": name for i, name in enumerate(authors)}

    duty = assign_reviews(written, reviewers, reviews_per_proposal=k, seed=seed)

    loads = [len(ids) for ids in duty.values()]
    assert max(loads) - min(loads) <= 1


@given(
    authors=st.lists(st.sampled_from(NAMES[:3]), max_size=5),
    count=st.integers(1, 4),
    k=st.integers(1, 2),
    seed=st.integers(0, 999),
)
def test_no_assignment_is_more_even(
    authors: list[str], count: int, k: int, seed: int
) -> None:
    """Compared with every assignment there is."""
    reviewers = NAMES[:count]
    written = {f"p{i}": name for i, name in enumerate(authors)}
    able = [[r for r in reviewers if r != author] for author in authors]
    choices = product(*(combinations(a, min(k, len(a))) for a in able))

    def unevenness(loads: list[int]) -> int:
        return sum(load**2 for load in loads)

    best = min(
        unevenness([sum(r in chosen for chosen in choice) for r in reviewers])
        for choice in choices
    )
    duty = assign_reviews(written, reviewers, reviews_per_proposal=k, seed=seed)
    assert unevenness([len(ids) for ids in duty.values()]) == best


def test_work_passes_through_others_to_reach_the_idle() -> None:
    """Nobody can hand dee her own work: some other has to take it and give his."""
    authors = {f"d{i}": "dee" for i in range(4)} | {"c": "cy", "a": "ada"}

    for seed in range(50):
        duty = assign_reviews(
            authors, ["ada", "cy", "dee"], reviews_per_proposal=1, seed=seed
        )
        assert [len(ids) for ids in duty.values()] == [2, 2, 2]


def test_seed_and_round_change_who_reviews_whom() -> None:
    authors = {f"p{name}": name for name in NAMES}

    def draw(seed: int, round_number: int) -> tuple[tuple[str, ...], ...]:
        duty = assign_reviews(
            authors, NAMES, reviews_per_proposal=2, seed=seed, round_number=round_number
        )
        return tuple(duty.values())

    assert len({draw(seed, 1) for seed in range(20)}) > 15
    assert len({draw(0, round_number) for round_number in range(20)}) > 15
    assert draw(7, 2) == draw(7, 2)


def test_every_pair_meets_over_many_rounds() -> None:
    authors = {f"p{name}": name for name in NAMES}
    met = {
        (reviewer, authors[p])
        for seed in range(60)
        for reviewer, ids in assign_reviews(
            authors, NAMES, reviews_per_proposal=1, seed=seed
        ).items()
        for p in ids
    }

    assert met == {(a, b) for a in NAMES for b in NAMES if a != b}


@given(panel=panels(), data=st.data())
def test_the_order_of_names_and_proposals_does_not_matter(
    panel: tuple[dict[str, str], list[str], int], data: st.DataObject
) -> None:
    authors, reviewers, k = panel
    shuffled = dict(data.draw(st.permutations(list(authors.items()))))

    assert assign_reviews(authors, reviewers, reviews_per_proposal=k) == assign_reviews(
        shuffled, reviewers[::-1], reviews_per_proposal=k
    )


def test_another_process_draws_the_same() -> None:
    """Set order depends on the hash seed; the assignment must not."""
    code = (
        "from nsed.protocol.peer_review import assign_reviews\n"
        "names = ['ada', 'bob', 'cy', 'dee', 'eve']\n"
        "authors = {f'd{i}': 'dee' for i in range(6)} | {n: n for n in names[:3]}\n"
        "authors['eve'] = 'eve'\n"
        "for seed in range(300):\n"
        "    print(assign_reviews(authors, names, reviews_per_proposal=2, seed=seed))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }

    assert len(seen) == 1


def test_no_reviews_per_proposal_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, found 0"):
        assign_reviews({}, [], reviews_per_proposal=0)
