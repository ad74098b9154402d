"""When two proposals say the same: what is read, and what is not guessed."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.protocol.answer_key import AnswerKind, answer_key, final_answer
from nsed.protocol.number_key import fold, number_key, quantity_key

HALF, MINUS, NBSP, THIN = "\xbd", "\u2212", "\xa0", "\u202f"


def test_worked_example() -> None:
    text = "6 rows of 7 make 42.\n\n**Answer:** $1,000.50\n"

    assert final_answer(text) == "$1,000.50"
    assert answer_key(text) == "number:2001/2"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer: 42", "42"),
        ("answer = 42.", "42"),
        ("The final answer is: 42", "42"),
        ("**Answer**: 42", "42"),
        ("**Final Answer:** **42**", "42"),
        ("> - *Answer:* `42`", "42"),
        ("### Final Answer\n\n42\n", "42"),
        ("Answer:\n42", "42"),
        ("Answer\uff1a42", "42"),
        ("Answer: 1\nNo, wait.\nAnswer: 2", "2"),
        ("Answer: 1\nAnswer:\n", "1"),
        ("Answer: 5\nConfidence: high", "5"),
        (r"Answer: $\boxed{\frac{1}{2}}$", "1/2"),
        (r"so \boxed{3}, no, \boxed {x_{1}^{2}}", "x_{1}^2"),
        (r"Answer: \(42\)", "42"),
        ("Answer: $x = 3.$", "x = 3"),
        (r"Answer: \text{Paris}", "Paris"),
        (r"Answer: 50\%", "50%"),
        ("Answer: .5", ".5"),
        (r"\boxed{3} beats Answer: 4", "3"),
        ("\\boxed{3}\nAnswer: 4", "4"),
        # Nothing is committed to, or it cannot be told where it ends.
        ("The answer is 42", None),
        ("My answer: 42", None),
        ("Answer:", None),
        ("Answer: **", None),
        ("Answer:\nAnswer:", None),
        ("Answer:\n- one\n- two", None),
        ("Answer:\n```\ncode\n```", None),
        ("Answer:\n```\n\ncode\n```", None),
        (r"\boxed{3", None),
        (r"\boxed{}", None),
        (r"\boxed 3", None),
        ("", None),
    ],
)
def test_final_answer(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


NUMBERS = [
    ("1,000.50", "2001/2"),
    ("0042", "42"),
    ("-0.0", "0"),
    ("+5", "5"),
    (".5", "1/2"),
    ("5.", "5"),
    # Currencies, names and units are not compared.
    ("$1,000", "1000"),
    ("-$5", "-5"),
    ("US$5", "5"),
    ("USD 5", "5"),
    ("5\u20ac", "5"),
    ("\xa312.50", "25/2"),
    ("x = 5", "5"),
    ("50%", "50"),
    (r"50\%", "50"),
    ("20\xb0", "20"),
    ("2 apples", "2"),
    ("5 km/h", "5"),
    ("5 m\xb2", "5"),
    ("~5", "5"),
    # Thousands: comma, Indian, Swiss, spaces of three kinds, LaTeX.
    ("1,000,000", "1000000"),
    ("1,00,000", "100000"),
    ("1'000", "1000"),
    ("1\u2019000", "1000"),
    ("12 345", "12345"),
    (f"12{NBSP}345", "12345"),
    (f"12{THIN}345", "12345"),
    ("12{,}345", "12345"),
    # Signs, fractions, powers of ten, words.
    (f"{MINUS}5", "-5"),
    ("1/2", "1/2"),
    ("-6/4", "-3/2"),
    (r"\frac{1}{2}", "1/2"),
    (r"\dfrac{-1}{2}", "-1/2"),
    (HALF, "1/2"),
    (f"1{HALF}", "3/2"),
    ("1 1/2", "3/2"),
    ("-1 1/2", "-3/2"),
    ("1\u20442", "1/2"),
    ("1e3", "1000"),
    ("1.5E-2", "3/200"),
    ("1.5 x 10^6", "1500000"),
    ("1.5\xd710\u2076", "1500000"),
    (r"1.5 \times 10^{-2}", "3/200"),
    ("5 million", "5000000"),
    ("2 hundred", "200"),
    # Digits of other scripts.
    ("\u0664\u0662", "42"),
    ("\u0661\u066c\u0660\u0660\u0660\u066b\u0665", "2001/2"),
    ("\uff11\uff12", "12"),
    ("\u096a\u0968", "42"),
]


@pytest.mark.parametrize(("written", "value"), NUMBERS)
def test_a_clear_number_is_its_exact_value(written: str, value: str) -> None:
    for kind in ("auto", "number"):
        assert answer_key(f"Answer: {written}", kind) == f"number:{value}"


@pytest.mark.parametrize(
    "written",
    ["3,14", "1.000,50", "1,2,3", "1.2.3", "10,5", "5M", "10k", "2^10", "2 ^ 10",
     "2**10", "3:45", "1/2/2024", "1/0", "\u221a2", "10\xb2", "0x10", "none", "-",
     "sqrt(2)", "5 or 6", "1e401", "1e-401", "1e99999", "9" * 61,
     "1/" + "9" * 61],
)  # fmt: skip
def test_an_unclear_number_is_not_guessed(written: str) -> None:
    for kind in ("auto", "number"):
        key = answer_key(f"Answer: {written}", kind)
        assert key is None or not key.startswith("number:")


@pytest.mark.parametrize(
    "written",
    ["3x", "x^2", "2\u03c0", "5!", "not 5", "5 or more", "5 squared", "5 to 7",
     "more than 5", "5-7", "(0, 5)", "5 = 5"],
)  # fmt: skip
def test_auto_does_not_mistake_a_phrase_for_a_number(written: str) -> None:
    key = answer_key(f"Answer: {written}")

    assert key is not None
    assert key.startswith("text:")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Answer: 3 + 4 = 7", "7"),
        ("Answer: 7 (3 + 4)", "7"),
        ("Answer: (7)", "7"),
        ("Answer: the total is 7 dollars", "7"),
        ("Answer: 7, that is 7.0", "7"),
        ("Answer: 7cm", "7"),
        ("3 plus 4 is **7**.", "7"),
        ("It costs $3, so 4 cost -$12.", "-12"),
    ],
)
def test_kind_number_looks_for_the_result(text: str, value: str) -> None:
    assert answer_key(text, "number") == f"number:{value}"


def test_a_marked_answer_without_a_number_hides_the_numbers_around_it() -> None:
    assert answer_key("7 of 9 say so.\nAnswer: unknown", "number") is None


@pytest.mark.parametrize(
    ("written", "letter"),
    [("B", "B"), ("(B)", "B"), ("[B]", "B"), ("B.", "B"), ("b", "B"), ("(b)", "B"),
     ("B) Paris", "B"), ("B: Paris", "B"), ("A - Paris", "A"), ("Option C", "C"),
     ("choice d", "D"), ("B because of this", "B"), ("**C**", "C"), ("I", "I"),
     ("A, the capital", "A")],
)  # fmt: skip
def test_a_choice_is_its_letter(written: str, letter: str) -> None:
    assert answer_key(f"Answer: {written}", "choice") == f"choice:{letter}"


@pytest.mark.parametrize(
    "written",
    ["A good idea", "I think B", "I'm not sure", "a cat", "Both A and B", "A, B",
     "B and C", "(B) or (C)", "A/B", "A & B", "K", "Paris", "42", "b because"],
)  # fmt: skip
def test_several_letters_or_a_word_are_no_choice(written: str) -> None:
    assert answer_key(f"Answer: {written}", "choice") is None


@pytest.mark.parametrize(
    ("written", "key"),
    [("B", "choice:B"), ("(B) Paris", "choice:B"), ("B) Paris", "choice:B"),
     ("E. coli", "text:e.coli"), ("b", "text:b"), ("Paris", "text:paris")],
)  # fmt: skip
def test_auto_takes_a_capital_alone_or_bracketed_for_a_choice(
    written: str, key: str
) -> None:
    assert answer_key(f"Answer: {written}") == key


@pytest.mark.parametrize(
    ("one", "other"),
    [("Paris.", "paris"), ('"Paris"', "Paris"), ("\u201cParis\u201d", "Paris"),
     ("New  York", "new york"), ("x=y", "x = y"), ("[0, 1]", "[0,1]"),
     ("Stra\xdfe", "STRASSE"), ("x\xb2", "x^2"), ("x_1", "x\u2081"),
     ("e\u0301", "\xe9"), ("\uff21\uff22\uff23", "abc")],
)  # fmt: skip
def test_texts_that_differ_in_dress_are_equal(one: str, other: str) -> None:
    keys = [answer_key(f"Answer: {text}", "text") for text in (one, other)]

    assert keys[0] == keys[1] is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [("[0, 1]", "(0, 1)"), ("x < 2", "x > 2"), ("x \u2264 2", "x \u2265 2"),
     ("n!", "n"), ("a+b", "a-b"), ("x\xb2", "x2"), ("not yes", "yes"),
     ("\u0915\u0940", "\u0915\u093e"), ("1, 2", "12"), ("\xacp", "p"),
     ("A and B", "A or B"), ("3,14", "314")],
)  # fmt: skip
def test_texts_that_say_different_things_stay_apart(one: str, other: str) -> None:
    keys = [answer_key(f"Answer: {text}") for text in (one, other)]

    assert None not in keys
    assert keys[0] != keys[1]


def test_prose_stands_alone() -> None:
    assert answer_key("Answer: " + "a" * 80) == "text:" + "a" * 80
    assert answer_key("Answer: " + "a" * 81) is None
    assert answer_key("Answer: " + "a " * 400) is None
    assert answer_key('Answer: "."', "text") is None


@pytest.mark.parametrize("kind", ["auto", "choice", "text"])
def test_no_marked_answer_no_key(kind: AnswerKind) -> None:
    assert answer_key("It is 42, surely.", kind) is None


def test_kind_none_never_gives_a_key() -> None:
    assert answer_key("Answer: 42", "none") is None


def test_unmarked_text_without_numbers_has_no_number() -> None:
    assert answer_key("Nobody knows.", "number") is None


@given(value=st.fractions(-(10**9), 10**9, max_denominator=10**6))
def test_a_fraction_keeps_its_value(value: Fraction) -> None:
    assert quantity_key(str(value)) == f"number:{value}"


@given(value=st.integers(-(10**12), 10**12), places=st.integers(0, 6))
def test_grouping_does_not_change_the_value(value: int, places: int) -> None:
    number = Fraction(value, 10**places)
    plain = f"{value / 10**places:.{places}f}"
    grouped = f"{value / 10**places:,.{places}f}"

    assert quantity_key(plain) == quantity_key(grouped)
    assert quantity_key(f"{value:,}") == f"number:{value}"
    assert quantity_key(f"{value}e-{places}") == f"number:{number}"


@given(text=st.text(max_size=80))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for kind in ("auto", "number", "choice", "text"):
        for written in (text, f"Answer: {text}", rf"\boxed{{{text}}}"):
            key = answer_key(written, kind)
            assert key is None or key.split(":", 1)[0] in {"number", "choice", "text"}
    assert fold(fold(text)) == fold(text)


N = 100_000
HOSTILE = [
    "Answer: " + "1" * N + "a1", "\n" * N, "Answer: a" + " " * N + "b",
    "answer" + " " * N + "x", "Answer" + "*" * N, "1," * N, "1,00" * N, "1 1" * N,
    "1/" * N, ".5" * N, "1e" * N, "1'000" * N, "1:" * N, "-" * N, "\xb2" * N,
    "\\boxed{" * N, "\\boxed{" + "{" * N, "Answer: " + "\\frac{" * N,
    "Answer: " + "\\text{" * N, "Answer: " + "^{" * N, "Answer: (" * N,
    "Answer: x" + "=" * N, "Answer: 5 " + "a/" * N, "Answer: A" + " " * N + "A",
    "Answer: " + "(" * N,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
def test_hostile_text_costs_linear_time(text: str) -> None:
    """A quadratic step would be 10^10 operations here: minutes, not a moment."""
    started = time.process_time()
    for kind in ("auto", "number"):
        answer_key(text, kind)

    assert time.process_time() - started < 5


def test_only_the_last_of_many_numbers_is_computed() -> None:
    assert number_key("1 " * N + "2", last=True) == "number:2"
    assert number_key("1 2", last=False) is None
