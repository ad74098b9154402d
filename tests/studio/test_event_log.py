"""Events of a run: numbered once, kept as far as they fit."""

from nsed.state.events import DeliberationEvent
from nsed.studio.event_log import EventLog


def told(log: EventLog, *rounds: int) -> None:
    for number in rounds:
        log.append(DeliberationEvent(event="tallied", round=number))


def rounds(log: EventLog) -> list[tuple[int, int]]:
    return [(n, event["round"]) for n, event in log.after(0)]


def test_numbers_begin_with_one_and_go_on() -> None:
    log = EventLog()
    told(log, 7, 8, 9)

    assert rounds(log) == [
        (1, 7),
        (2, 8),
        (3, 9),
    ]
    assert [n for n, _ in log.after(2)] == [3]
    assert not log.after(3)
    assert log.last == 3


def test_of_too_many_the_older_half_is_gone_and_numbers_stay() -> None:
    log = EventLog(most=2)
    told(log, 1, 2, 3, 4, 5)

    assert rounds(log) == [
        (3, 3),
        (4, 4),
        (5, 5),
    ]
    assert [n for n, _ in log.after(4)] == [5]


def test_a_run_in_its_second_life_numbers_above_its_first() -> None:
    log = EventLog(first=1000)
    told(log, 1)

    assert [n for n, _ in log.after(17)] == [1000]
    assert log.last == 1000
