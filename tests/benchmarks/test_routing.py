"""benchmarks/broker_routing.py: by hand on tiny data, and what the real data said."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nsed.brokers.knapsack_team import KnapsackTeam

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import broker_routing  # noqa: E402 - scripts beside each other, not a package
from routing_choice import Training  # noqa: E402
from routing_curves import Curves, measure  # noqa: E402
from routing_data import TOKENS, Recorded, halves, load  # noqa: E402
from routing_report import notes, table  # noqa: E402

DATA = ROOT.parent / "shared/data"
CHEAP, DEAR = 0.0001, 0.001
SLACK = 0.005
"""Half a point: what another version of the solver may choose among near equals."""


def recorded(rows: list[tuple[str, str, str]], **changes: Any) -> Recorded:
    """Category, and the answers of the cheap and the dear model; `y` is right."""
    answers = np.array([row[1:] for row in rows])
    fields: dict[str, Any] = {
        "name": "tiny",
        "models": ("maker/cheap", "maker/dear"),
        "categories": tuple(row[0] for row in rows),
        "right": answers == "y",
        "usd": np.tile([CHEAP, DEAR], (len(rows), 1)),
        "answers": answers,
        "real_cost": True,
    }
    return Recorded(**{**fields, **changes})


LEARN = recorded(
    [("easy", "y", "y")] * 5 + [("easy", "y", "n")] * 5 + [("hard", "n", "y")] * 10
)
"""The cheap model is best on easy questions (100 % against 50 %), else it is lost."""
TEST = recorded(
    [("easy", "y", "y"), ("easy", "y", "n"), ("hard", "n", "y"), ("hard", "n", "y")]
)


def rules_at(budget: float) -> dict[str, tuple[float, float]]:
    """Share right and mean USD of every rule."""
    curves = measure("tiny", Training(LEARN), TEST, steps=2)
    (point,) = [p for p in curves.points if p.budget == budget]
    return {r: (o.right.mean(), o.usd.mean()) for r, o in point.outcomes.items()}


def test_with_enough_money_the_broker_takes_each_model_where_it_is_good() -> None:
    found = rules_at(0.00101)

    half = (CHEAP + DEAR) / 2
    assert found["broker"] == pytest.approx((1.0, half))
    assert found["greedy"] == found["best by category"] == found["broker"]
    assert found["best single"] == pytest.approx((0.75, DEAR))  # 75 % in training
    assert found["best single, capped"] == found["best single"]
    assert found["random"] == pytest.approx(((1 + 0.5 + 0.5 + 0.5) / 4, half))
    assert found["oracle"] == pytest.approx((1.0, half))


def test_where_only_one_model_fits_all_rules_are_that_model() -> None:
    found = rules_at(0.000101)

    assert {name: pair for name, pair in found.items() if pair != (0.5, CHEAP)} == {}


def test_a_budget_for_the_mean_lets_one_category_pay_for_another() -> None:
    training = Training(LEARN)

    assert training.shared(0.0006) == {"easy": (0,), "hard": (1,)}
    assert training.broker(0.0006, "hard", seats=1) == (0,)
    assert training.fits(0.0006).tolist() == [0]


def test_a_seat_costs_the_mean_of_the_recorded_calls_of_its_category() -> None:
    usd = np.array([[0.0001, 0.002], [0.0002, 0.003], [0.0009, 0.0123]])
    rows = [("easy", "y", "n"), ("easy", "y", "n"), ("hard", "n", "y")]
    training = Training(recorded(rows, usd=usd))
    request, profile = training.request(1.0, "easy", seats=1)

    team = KnapsackTeam(profile=lambda task, config: profile).choose(request)

    assert team.in_role("proposer") == ("maker.cheap",)
    assert team.receipt is not None
    assert team.receipt.chosen[0].usd == pytest.approx(0.00015, abs=1e-9)
    assert training.broker(1.0, "easy", seats=1) == (0,)


def test_a_category_never_seen_goes_by_what_is_known_in_general() -> None:
    training = Training(LEARN)

    assert training.usd("new").tolist() == pytest.approx([CHEAP, DEAR])
    assert training.broker(0.01, "new", seats=1) == (1,)  # 75 % against 50 %
    assert measure("tiny", training, TEST, steps=2).unseen == ()


def test_a_teams_answer_is_the_one_with_most_evidence() -> None:
    """Alone the strong one is heard; two weaker ones who agree speak louder."""
    right = np.array([[True, i < 6, i < 6] for i in range(10)])
    tiny = recorded(
        [("a", "y", "y")] * 10,
        models=("strong", "weak", "other"),
        right=right,
        usd=np.ones((10, 3)),
        answers=np.full((10, 3), "A"),
    )
    training = Training(tiny)
    strong, weak, other = training.skills("a")

    assert strong > weak == other > 0.5
    assert training.pooled("a", {1: "B", 0: "A"}) == 0
    assert training.pooled("a", {0: "A", 1: "B", 2: "C"}) == 0
    assert training.pooled("a", {0: "A", 1: "B", 2: "B"}) in (1, 2)


def test_halves_are_of_the_file_or_of_each_category() -> None:
    categories = ["a", "a", "a", "b", "a", "b", "b"]

    plain = [rows.tolist() for rows in halves(categories, stratified=False)]
    each = [rows.tolist() for rows in halves(categories, stratified=True)]

    assert plain == [[0, 1, 2], [3, 4, 5, 6]]
    assert each == [[0, 1, 3], [2, 4, 5, 6]]


def test_the_interval_of_a_difference_is_paired() -> None:
    """On the same questions equal answers differ by nothing, however they vary."""
    curves = measure("tiny", Training(LEARN), TEST, steps=2)

    assert curves.gain(curves.points[0], "broker", "best single") == (0, 0, 0)
    mean, low, high = curves.gain(curves.points[1], "broker", "best single")
    assert (mean, low) == (0.25, 0)
    assert 0.5 <= high <= 0.75


def test_the_report_says_where_the_broker_is_below_and_why() -> None:
    """The dear model costs 0.55 on average and so fits 0.6, but 1 in category b."""
    rows = [("a", "n", "y")] * 10 + [("b", "n", "y")] * 10
    usd = np.array([[CHEAP, CHEAP]] * 10 + [[CHEAP, DEAR]] * 10)
    training = Training(recorded(rows, usd=usd))
    curves = measure("tiny", training, recorded([("b", "n", "y")] * 4), steps=8)

    found = list(notes(curves))

    assert found[0].startswith(
        "- **broker against best single**: on or above at 7 of 8"
    )
    assert found[1].endswith(
        "b -100.0: cheap (learned 0.0, got 0.0) instead of "
        "dear (learned 100.0, got 100.0), 1 there and so over the cap"
    )
    assert list(table(curves))[2].startswith("| 0.101 – 0.518 (6) | 0.0 (0.1) |")


def test_the_numbers_are_plain_data_and_the_plot_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="only the plot needs it")
    curves = measure("tiny", Training(LEARN), TEST, steps=3, seats=2)

    plain = json.loads(json.dumps(broker_routing.as_json(curves)))
    broker_routing.draw([curves], tmp_path / "plot.png")

    last = plain["points"][-1]["rules"]
    assert last["broker"]["picks"] == {"easy": ["maker/cheap"], "hard": ["maker/dear"]}
    assert set(last["broker, team"]["picks"]["easy"]) == {"maker/cheap", "maker/dear"}
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(row) for row in rows)
    (folder / name).write_text(text, encoding="utf-8")


def test_without_recorded_costs_a_call_is_so_many_tokens_at_list_price(
    tmp_path: Path,
) -> None:
    write(tmp_path, "recorded_x_questions.jsonl", [{"id": "q", "category": "c"}])
    calls = [{"qid": "q", "model": m, "correct": m == "a"} for m in "ab"]
    write(tmp_path, "recorded_x.jsonl", calls)
    prices = [
        {"model": m, "usd_per_mtok_in": p, "usd_per_mtok_out": p}
        for m, p in (("a", 0.2), ("b", 0.9))
    ]
    write(tmp_path, "models.jsonl", prices)

    found = load(tmp_path, "x")

    assert found.usd.tolist() == [[0.2 * TOKENS / 1e6, 0.9 * TOKENS / 1e6]]
    assert found.right.tolist() == [[True, False]]
    assert not found.real_cost
    write(tmp_path, "models.jsonl", prices[:1])
    with pytest.raises(ValueError, match="1 answers are missing or unpriced"):
        load(tmp_path, "x")


def test_without_data_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker_routing.main(["--data", str(tmp_path)])

    assert "no recorded answers" in capsys.readouterr().out


@cache
def on_real_data(name: str) -> Curves:
    if not (DATA / f"recorded_{name}.jsonl").exists():
        pytest.skip(f"no recorded answers in {DATA}")
    return broker_routing.measured(load(DATA, name), steps=14)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["routerbench", "llmrouter"])
def test_under_one_and_the_same_limit_the_broker_is_on_or_above_best_single(
    name: str,
) -> None:
    curves = on_real_data(name)

    assert len(curves.points) == 14
    for point in curves.points:
        spent = point.outcomes["broker"].usd.mean()
        capped, *_ = curves.gain(point, "broker", "best single, capped")
        shared, *_ = curves.gain(point, "broker, shared", "best single")
        assert spent <= point.budget
        assert capped >= -SLACK, f"at {point.budget}"
        assert shared >= -SLACK, f"at {point.budget}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["routerbench", "llmrouter"])
def test_it_is_only_below_best_single_where_that_one_breaks_the_cap_somewhere(
    name: str,
) -> None:
    """Best single keeps the budget on the mean, the broker on every question."""
    curves = on_real_data(name)

    for point in curves.points:
        _, _, high = curves.gain(point, "broker", "best single")
        (single,) = point.outcomes["best single"].picks[curves.categories[0]]
        over = curves.training.dearest[single] > point.budget
        assert high >= -SLACK or over, f"at {point.budget}"
