"""An app, and its tests: scripted experts instead of models.

pytest examples/testing_an_app.py                        # the tests
python examples/testing_an_app.py                        # the app, scripted
python examples/testing_an_app.py --config nsed.toml     # the app, with yours
"""

import argparse

import nsed
from nsed.config.file import load_config
from nsed.protocol.errors import QuorumError

SURE = {"Answer: Orbit": 90, "Answer: Zap": -60}


def product_name(task: str, config: nsed.DeliberationConfig) -> str:
    """The app: ask the panel, and mark a name that not everybody looked at."""
    try:
        verdict = nsed.deliberate(task, config).verdict
    except QuorumError:
        return "(nobody answered)"
    if verdict.status != "complete":
        return f"{verdict.answer} (unconfirmed)"
    return verdict.answer


def panel(*down: str) -> nsed.DeliberationConfig:
    """Three scripted experts; those in `down` are servers that fail."""
    answers = {
        "ada": ("Answer: Orbit",),
        "bob": ("Answer: Zap", "Answer: Orbit"),  # changes his mind in round 2
        "cy": ("Answer: Orbit",),
    }
    return nsed.DeliberationConfig(
        retry_wait_s=0,
        experts=tuple(
            nsed.scripted(
                name, *said, weights=SURE, fails="always" if name in down else None
            )
            for name, said in answers.items()
        ),
    )


def test_the_panels_answer_is_used() -> None:
    """All three answer, and agree in the end."""
    assert product_name("A name for a space game?", panel()) == "Orbit"


def test_an_answer_of_two_is_marked() -> None:
    """One server is down: an answer all the same, and not shown as a full one."""
    assert product_name("A name?", panel("cy")) == "Orbit (unconfirmed)"


def test_no_answer_is_no_answer() -> None:
    """All are down: nothing is made up."""
    assert product_name("A name?", panel("ada", "bob", "cy")) == "(nobody answered)"


def main() -> None:
    """Run the app."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    asked = parser.parse_args()
    config = load_config(asked.config).config() if asked.config else panel()
    print("name:", product_name("One word: a name for a space game?", config))


if __name__ == "__main__":
    main()
