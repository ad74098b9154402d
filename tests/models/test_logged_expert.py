"""Calls are on file before and after, and none that ended is made again."""

from collections import defaultdict, deque
from dataclasses import replace

import pytest
from questions import QUESTION, Told

from nsed.models.asking import ask
from nsed.models.base import Reply
from nsed.models.call_log import Ended, LoggedCall
from nsed.models.failures import CallError
from nsed.models.logged_expert import LoggedExpert
from nsed.protocol.errors import ExpertError


class Pages:
    """A log in memory: what was written, and what an earlier process wrote."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str | None]] = []
        self._earlier: dict[str, deque[LoggedCall]] = defaultdict(deque)

    def take(self, key: str) -> LoggedCall | None:
        return self._earlier[key].popleft() if self._earlier[key] else None

    async def sent(self, key: str) -> int:
        self.rows.append((key, None))
        return len(self.rows)

    async def ended(self, number: int, ended: Ended) -> None:
        self.rows[number - 1] = (self.rows[number - 1][0], ended.to_json())

    def reopened(self) -> "Pages":
        """What another process finds."""
        pages = Pages()
        for key, text in self.rows:
            ended = Ended.from_json(text) if text else None
            pages._earlier[key].append(LoggedCall(5.0, ended))
        return pages


async def test_a_call_is_on_file_before_it_is_made() -> None:
    pages = Pages()
    seen: list[int] = []
    expert = LoggedExpert(Told(lambda: seen.append(len(pages.rows)), "8"), pages)

    with pytest.raises(TypeError):  # Told has no text for it
        await expert.reply(QUESTION)

    assert seen == [1]
    assert pages.rows[0][1] is None


async def test_a_reply_on_file_is_given_again_and_nobody_is_asked() -> None:
    pages = Pages()
    first = await LoggedExpert(Told("8"), pages).reply(QUESTION)

    again = await LoggedExpert(Told(), pages.reopened()).reply(QUESTION)

    assert again.ended_at is not None
    assert replace(again, ended_at=None) == first


async def test_failures_are_given_again_with_all_that_is_known_of_them() -> None:
    pages = Pages()
    busy = CallError("rate_limit", "slow down", retry_after_s=3.0, method="tools")
    with pytest.raises(CallError):
        await LoggedExpert(Told(busy), pages).reply(QUESTION)

    with pytest.raises(CallError, match="slow down") as again:
        await LoggedExpert(Told(), pages.reopened()).reply(QUESTION)

    assert again.value.kind == "rate_limit"
    assert again.value.retry_after_s == 3.0
    assert again.value.method == "tools"
    assert again.value.ended_at is not None


async def test_the_attempts_of_a_question_go_on_where_they_were() -> None:
    """One failed, one was at work when the process was killed; the third is new."""
    pages = Pages()
    with pytest.raises(ExpertError):
        await LoggedExpert(Told(ExpertError("server_error", "503")), pages).reply(
            QUESTION
        )
    await pages.sent(pages.rows[0][0])
    told = Told("8")

    outcome = await ask(
        LoggedExpert(told, pages.reopened()),
        QUESTION,
        lambda reply: int(reply.text),
        attempts=3,
        retries=1,
        retry_wait_s=0,
    )

    assert outcome.value == 8
    assert [a.outcome for a in outcome.attempts] == ["server_error", "lost", "ok"]
    assert sum(a.usage.calls for a in outcome.attempts) == 3
    assert outcome.attempts[1].started_at == 5.0
    assert len(told.asked) == 1


async def test_lost_calls_are_no_retries_but_count_as_attempts() -> None:
    pages = Pages()
    await LoggedExpert(Told("8"), pages).reply(QUESTION)
    key = pages.rows[0][0]
    pages.rows = [(key, None)] * 3

    outcome = await ask(
        LoggedExpert(Told("8"), pages.reopened()),
        QUESTION,
        lambda reply: int(reply.text),
        attempts=3,
        retries=0,
        retry_wait_s=0,
    )

    assert outcome.value is None
    assert outcome.failure is not None
    assert outcome.failure.kind == "lost"


async def test_another_question_is_another_call() -> None:
    pages = Pages()
    await LoggedExpert(Told("8"), pages).reply(QUESTION)
    told = Told("9")

    reply = await LoggedExpert(told, pages.reopened()).reply(replace(QUESTION, round=2))

    assert isinstance(reply, Reply)
    assert reply.text == "9"
