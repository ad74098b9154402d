"""A chat as a task."""

import pytest

from nsed.state.conversation import Turn, task_of


def test_one_question_is_the_task_as_it_stands() -> None:
    assert task_of([Turn(role="user", text=" 6 * 7? ")]) == " 6 * 7? "


def test_what_was_said_before_comes_before_the_question() -> None:
    task = task_of(
        [
            Turn(role="system", text="Be brief."),
            Turn(role="user", text="6 * 7?"),
            Turn(role="assistant", text="42"),
            Turn(role="user", text="And half of it?"),
        ]
    )

    assert task == (
        "Instructions:\nBe brief.\n\n"
        "Conversation so far:\nUser: 6 * 7?\n\nAnswer: 42\n\n"
        "The question now:\nAnd half of it?"
    )


@pytest.mark.parametrize(
    "turns",
    [[], [Turn(role="system", text="Be brief.")], [Turn(role="user", text="")]],
    ids=["none", "rules only", "empty"],
)
def test_no_question_is_an_error(turns: list[Turn]) -> None:
    with pytest.raises(ValueError, match="ask nothing"):
        task_of(turns)
