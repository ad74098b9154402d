"""The failure taxonomy: any provider's exception becomes one word, without keys."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.models.base import FailureKind
from nsed.models.failures import (
    BY_NAME,
    BY_STATUS,
    PASSING,
    CallError,
    classify,
    redact,
)
from nsed.protocol.errors import ExpertError


class StatusError(Exception):
    """As provider clients raise it."""

    def __init__(self, status: int, message: str = "no", **headers: str) -> None:
        self.status_code = status
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.response = SimpleNamespace(status_code=status, headers=fields)
        super().__init__(message)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "unsupported"),
        (401, "auth"),
        (403, "auth"),
        (404, "model_gone"),
        (408, "timeout"),
        (413, "context_too_long"),
        (429, "rate_limit"),
        (500, "server_error"),
        (501, "unsupported"),
        (503, "server_error"),
        (529, "server_error"),
    ],
)
def test_a_status_names_the_kind(status: int, kind: str) -> None:
    assert classify(StatusError(status)).kind == kind


def test_the_status_may_stand_in_the_response_only() -> None:
    error = RuntimeError("gone")
    error.response = SimpleNamespace(status_code=404)  # type: ignore[attr-defined]

    assert classify(error).kind == "model_gone"


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 200001 tokens > 200000 maximum",
        "the request exceeds the available context size",
    ],
)
def test_a_refusal_for_length_is_told_from_other_refusals(words: str) -> None:
    assert classify(StatusError(400, words)).kind == "context_too_long"


def test_a_filtered_prompt_is_told_from_other_refusals() -> None:
    words = "The response was filtered by our content policy"

    assert classify(StatusError(400, words)).kind == "content_filter"


def test_an_empty_purse_is_no_rate_limit() -> None:
    error = StatusError(429, "You exceeded your quota: insufficient_quota")

    assert classify(error).kind == "auth"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("APITimeoutError", "timeout"),
        ("APIConnectionError", "connection"),
        ("RemoteProtocolError", "connection"),
        ("ReadError", "connection"),
        ("LengthFinishReasonError", "truncated"),
        ("ContentFilterFinishReasonError", "content_filter"),
        ("SomethingElse", "server_error"),
    ],
)
def test_without_a_status_the_name_decides(name: str, kind: str) -> None:
    assert classify(type(name, (Exception,), {})("x")).kind == kind


@pytest.mark.parametrize("error", [TimeoutError(), OSError("reset"), ValueError("x")])
def test_every_kind_is_a_word_of_the_taxonomy(error: Exception) -> None:
    known = set(get_args(FailureKind))

    assert classify(error).kind in known
    assert {*BY_STATUS.values(), *BY_NAME.values(), *PASSING} <= known


def test_an_expert_error_keeps_its_kind_and_a_call_error_is_itself() -> None:
    ours = CallError("timeout", "late", method="tools")

    assert classify(ours) is ours
    assert classify(ExpertError("empty", "nothing")).kind == "empty"
    assert str(classify(ExpertError("empty", "nothing"))) == "nothing"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: SECRETSECRET.",
        "Authorization: Bearer SECRETSECRET",
        "authorization: Basic SECRETSECRET==",
        "{'api_key': 'SECRETSECRET'}",
        "x-api-key=SECRETSECRET",
        "GET https://host/v1/models?key=SECRETSECRET&alt=json",
        "https://host/v1?alt=1&api_key=SECRETSECRET",
        "https://host/v1?access_token=SECRETSECRET",
        "https://user:SECRETSECRET@host/v1",
        "token sk-SECRETSECRET was refused",
        "sk-proj-SECRETSECRET_-",
    ],
)
def test_what_looks_like_a_key_is_removed(text: str) -> None:
    shown = redact(text)

    assert "SECRET" not in shown
    assert "[redacted]" in shown


def test_a_known_key_is_removed_whatever_it_looks_like() -> None:
    error = StatusError(401, "no such user: hunter2")

    assert "hunter2" not in str(classify(error, secrets=["hunter2", ""]))


@given(st.text(max_size=60))
def test_ordinary_words_stay(text: str) -> None:
    if not any(mark in text for mark in "-=:@?"):
        assert redact(text) == " ".join(text.split())


@given(st.text(max_size=900))
def test_words_are_bounded_and_on_one_line(text: str) -> None:
    shown = redact(text)

    assert len(shown) <= 400
    assert len(shown.splitlines()) <= 1


def test_retry_after_is_seconds_or_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert classify(StatusError(429, retry_after="7")).retry_after_s == 7
    assert 20 < (classify(StatusError(429, retry_after=later)).retry_after_s or 0) <= 31
    assert classify(StatusError(503, retry_after="-5")).retry_after_s == 0


@pytest.mark.parametrize("said", ["soon", "nan", "inf", ""])
def test_a_retry_after_that_says_nothing_is_ignored(said: str) -> None:
    assert classify(StatusError(429, retry_after=said)).retry_after_s is None


def caused(error: Exception, cause: Exception) -> Exception:
    """As a client wraps what its transport raised."""
    error.__cause__ = cause
    return error


def named(name: str) -> Exception:
    return type(name, (Exception,), {})("x")


@pytest.mark.parametrize(
    ("error", "billed"),
    [
        (StatusError(503), False),
        (StatusError(429), False),
        (caused(named("APIConnectionError"), named("ConnectError")), False),
        (caused(named("APIConnectionError"), named("ReadError")), True),
        (caused(named("APITimeoutError"), named("ReadTimeout")), True),
        (ExpertError("server_error", "the body is not JSON"), True),
        (ExpertError("unsupported", "it takes no tools"), False),
    ],
)
def test_only_what_was_not_refused_may_be_billed(
    error: Exception, billed: bool
) -> None:
    assert classify(error).may_be_billed is billed


def test_our_own_word_for_it_survives_the_client_that_wraps_it() -> None:
    error = caused(named("APIConnectionError"), ExpertError("server_error", "too long"))

    assert (classify(error).kind, str(classify(error))) == ("server_error", "too long")
