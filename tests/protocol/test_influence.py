"""Who has how much say: the cap holds, the trim trims, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import ballots

from nsed.protocol.consensus import Candidate, decide
from nsed.protocol.influence import EQUAL, Influence
from nsed.protocol.quadratic_voting import cast_votes, net_support

NAN = np.nan
Matrix = NDArray[np.float64]
CAPS = st.sampled_from([0.1, 0.25, 0.34, 0.5, 0.75, 1.0])
TRIMS = st.sampled_from([0.0, 0.1, 0.2, 0.4, 0.49])


@st.composite
def influences(draw: st.DrawFn, reviewers: int) -> Influence:
    def each(values: st.SearchStrategy[object]) -> tuple[object, ...]:
        return draw(st.tuples(*[values] * reviewers))

    return Influence(
        trust=draw(st.none() | st.just(each(st.sampled_from([0.5, 1.0, 2.0])))),  # type: ignore[arg-type]
        families=each(st.sampled_from("xyz")),  # type: ignore[arg-type]
        family_cap=draw(CAPS),
        trim=draw(TRIMS),
    )


def column(*values: float) -> Matrix:
    return np.array(values, dtype=float)[:, None]


# --- by hand ------------------------------------------------------------------


def test_a_family_of_three_counts_as_half() -> None:
    """x has 3 of 5 of the say and may have 1/2: its members count 2/3 each."""
    bloc = Influence(families=("x", "x", "x", "y", "z"), family_cap=0.5)
    votes = column(1, 1, 1, -0.5, -0.5)

    np.testing.assert_allclose(bloc.say(votes), column(2 / 3, 2 / 3, 2 / 3, 1, 1))
    np.testing.assert_allclose(net_support(votes, bloc), [0.25])
    np.testing.assert_allclose(net_support(votes), [0.4])
    np.testing.assert_allclose(bloc.shares(votes)["x"], [0.6])


def test_two_families_can_be_too_large_at_once() -> None:
    """3, 3 and 1 under a cap of 2/5: each of the large has 2, the small one keeps 1."""
    families = ("x", "x", "x", "y", "y", "y", "z")
    say = Influence(families=families, family_cap=0.4).say(np.ones((7, 1)))

    np.testing.assert_allclose(say, column(*[2 / 3] * 6, 1))


def test_fewer_families_than_the_cap_needs_have_equal_parts() -> None:
    """Of two families one has at least half."""
    two = Influence(families=("x", "x", "x", "y"), family_cap=0.1)

    np.testing.assert_allclose(two.say(np.ones((4, 1))), column(*[1 / 3] * 3, 1))


def test_one_family_alone_keeps_its_say() -> None:
    one = Influence(families=("x", "x"), family_cap=0.1)

    np.testing.assert_allclose(one.say(np.ones((2, 1))), column(1, 1))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)], ids=str)
def test_an_empty_round_has_no_say(shape: tuple[int, int]) -> None:
    names = ("x",) * shape[0]

    assert Influence(None, names, 0.5, 0.1).say(np.zeros(shape)).shape == shape


def test_what_nobody_voted_on_has_no_say() -> None:
    one = Influence(families=("x", "y"), family_cap=0.5, trim=0.1)

    np.testing.assert_array_equal(one.say(column(NAN, NAN)), column(0, 0))


def test_the_trim_leaves_out_the_highest_and_the_lowest_of_five() -> None:
    votes = column(-1, 0.1, 0.2, 0.3, 1)

    np.testing.assert_allclose(net_support(votes, Influence(trim=0.2)), [0.2])
    np.testing.assert_allclose(Influence(trim=0.2).say(votes), column(0, 1, 1, 1, 0))


def test_of_three_the_trim_takes_a_part() -> None:
    """A fifth of three votes is 3/5 of one."""
    np.testing.assert_allclose(
        Influence(trim=0.2).say(column(-1, 0, 1)), column(0.4, 1, 0.4)
    )


def test_equal_votes_lose_to_the_trim_alike() -> None:
    np.testing.assert_allclose(
        Influence(trim=0.25).say(column(1, 1, 0, 0)), column(*[0.5] * 4)
    )


def test_a_trim_of_nearly_half_is_the_median() -> None:
    votes = column(-1, 0.1, 0.2, 0.9, 1)

    assert net_support(votes, Influence(trim=0.4999))[0] == pytest.approx(0.2)


def test_the_cap_comes_before_the_trim() -> None:
    """The trim takes all of x, a quarter by then, and half of y and of z.

    What is left of w is cut to a third. The other way round all four would keep a
    quarter, and the mean would be -1/4.
    """
    votes = column(1, 1, -1, -1, 0)
    families = ("x", "x", "y", "z", "w")

    guarded = Influence(families=families, family_cap=0.25, trim=0.25)
    np.testing.assert_allclose(net_support(votes, guarded), [-2 / 3])


def test_guards_can_turn_a_winner() -> None:
    """Five of one family push the first; three others prefer the second."""
    weights = np.array([[100.0, 0.0]] * 5 + [[-40.0, 60.0]] * 3)
    panel = [Candidate("X", "a"), Candidate("Y", "b")]
    capped = Influence(families=("x",) * 5 + ("a", "b", "c"), family_cap=0.34)

    assert decide(weights, panel).winner == 0
    assert decide(weights, panel, influence=capped).winner == 1


# --- laws ---------------------------------------------------------------------


@given(weights=ballots(), data=st.data())
def test_no_family_has_more_than_the_cap(weights: Matrix, data: st.DataObject) -> None:
    votes = cast_votes(weights)
    found = data.draw(influences(len(votes)))
    say = found.say(votes)

    assert found.families is not None
    for column_say in say.T:
        by_family: dict[str, float] = {}
        for family, part in zip(found.families, column_say, strict=True):
            by_family[family] = by_family.get(family, 0.0) + part
        heard = [part for part in by_family.values() if part > 0]
        if heard:
            most = max(found.family_cap, 1 / len(heard))
            assert max(heard) <= most * sum(heard) * (1 + 1e-9)


@given(weights=ballots(), data=st.data())
def test_say_is_never_added_and_missing_votes_have_none(
    weights: Matrix, data: st.DataObject
) -> None:
    votes = cast_votes(weights)
    found = data.draw(influences(len(votes)))
    say, free = found.say(votes), Influence(trust=found.trust).say(votes)

    assert (say >= 0).all()
    assert (say <= free * (1 + 1e-9)).all()
    assert (say[np.isnan(votes)] == 0).all()
    # Whoever was heard is heard: no column loses its last vote.
    np.testing.assert_array_equal(say.sum(axis=0) > 0, free.sum(axis=0) > 0)


@given(weights=ballots(), data=st.data())
def test_net_support_stays_between_the_votes(
    weights: Matrix, data: st.DataObject
) -> None:
    votes = cast_votes(weights)
    net = net_support(votes, data.draw(influences(len(votes))))

    np.testing.assert_array_equal(np.isnan(net), np.isnan(votes).all(axis=0))
    for j in np.flatnonzero(~np.isnan(net)):
        assert np.nanmin(votes[:, j]) - 1e-9 <= net[j] <= np.nanmax(votes[:, j]) + 1e-9


@given(weights=ballots(), data=st.data())
def test_reordering_reviewers_and_renaming_families_changes_nothing(
    weights: Matrix, data: st.DataObject
) -> None:
    votes = cast_votes(weights)
    found = data.draw(influences(len(votes)))
    rows = data.draw(st.permutations(range(len(votes))))
    columns = data.draw(st.permutations(range(votes.shape[1])))
    assert found.families is not None
    moved = Influence(
        trust=found.trust and tuple(found.trust[i] for i in rows),
        families=tuple(f"new {found.families[i]}" for i in rows),
        family_cap=found.family_cap,
        trim=found.trim,
    )

    np.testing.assert_allclose(
        net_support(votes[rows][:, columns], moved),
        net_support(votes, found)[columns],
        atol=1e-9,
    )


@given(weights=ballots(min_reviewers=2), cap=CAPS)
def test_a_cap_that_nobody_reaches_changes_nothing(weights: Matrix, cap: float) -> None:
    """Every reviewer a family of his own: equal parts are never too much."""
    votes = cast_votes(weights)
    each = Influence(families=tuple(map(str, range(len(votes)))), family_cap=cap)

    np.testing.assert_allclose(each.say(votes), EQUAL.say(votes))


@given(weights=ballots(), cap=CAPS)
def test_a_family_cannot_gain_by_being_larger_than_its_cap(
    weights: Matrix, cap: float
) -> None:
    """Doubling everybody of the family that is over its cap changes no mean."""
    votes = np.nan_to_num(cast_votes(weights))
    others = np.vstack([votes, np.zeros_like(votes[:1])])
    bloc = np.ones_like(votes[:1]).repeat(60, axis=0)
    names = ("a",) * len(votes) + ("b",)

    def with_bloc(size: int) -> NDArray[np.float64]:
        both = np.vstack([bloc[:size], others])
        return net_support(both, Influence(None, ("x",) * size + names, cap))

    if cap < 0.9:
        np.testing.assert_allclose(with_bloc(30), with_bloc(60), atol=1e-9)


@given(weights=ballots(), trim=TRIMS)
def test_a_constant_column_is_its_own_trimmed_mean(
    weights: Matrix, trim: float
) -> None:
    votes = np.where(np.isnan(weights), NAN, 0.5)

    net = net_support(votes, Influence(trim=trim))
    np.testing.assert_allclose(net[~np.isnan(net)], 0.5)


# --- refusals -----------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"family_cap": 0.0},
        {"family_cap": 1.1},
        {"family_cap": NAN},
        {"trim": -0.1},
        {"trim": 0.5},
        {"trim": NAN},
    ],
    ids=str,
)
def test_guards_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Influence(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("trust", [(1.0, -1.0), (1.0, NAN), (1.0, np.inf)], ids=str)
def test_trust_must_be_finite_and_not_negative(trust: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="need finite reviewer weights >= 0"):
        Influence(trust)


@pytest.mark.parametrize(
    "found", [Influence((1.0,)), Influence(families=("x",)), Influence((1.0,) * 3)]
)
def test_there_must_be_one_of_each_a_reviewer(found: Influence) -> None:
    with pytest.raises(ValueError, match="need one a reviewer, of 2"):
        net_support(np.zeros((2, 3)), found)


def test_only_what_is_asked_for_counts_as_a_guard() -> None:
    assert not EQUAL.guarded
    assert not Influence(families=("x", "y")).guarded
    assert Influence(family_cap=0.5).guarded
    assert Influence(trim=0.1).guarded
    assert Influence(trust=(1.0, 2.0)).guarded
