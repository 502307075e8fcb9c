"""Answers as Congressus documents them, and as whatever stands before it gives them: does it pass, or is a person needed?"""

import json
import pickle

import pytest

from integrations.congressus import errors
from integrations.congressus.errors import LONGEST_SAID, from_response
from integrations.wire import TOO_LARGE, Answer

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
TEXT = {"Content-Type": "text/plain"}
KEY = "k3y-of-the-association"


def body(message="", **more):
    return json.dumps({"code": 1, "status": "A status", "message": message, **more}).encode()


def failure(status, content=b"", headers=JSON, flaw="", secrets=()):
    return from_response(Answer(status, headers, content, flaw), "GET", "members", secrets)


@pytest.mark.parametrize(
    ("status", "content", "headers", "kind", "passes"),
    [
        (200, b"<html>Log in</html>", HTML, errors.Unavailable, True),
        (200, b'{"data": [', JSON, errors.Unavailable, True),
        (301, b"", {}, errors.Unavailable, True),
        (302, b"Moved", HTML, errors.Unavailable, True),
        (304, b"", {}, errors.Unavailable, True),
        (400, body("Bad"), JSON, errors.BadRequest, False),
        (401, body("No"), JSON, errors.WrongKey, False),
        (401, b"", HTML, errors.WrongKey, False),
        (403, body("No"), JSON, errors.NoRights, False),
        (404, body("None"), JSON, errors.NotThere, False),
        (404, b"", {}, errors.NotThere, False),
        (404, b"<html>Not found</html>", HTML, errors.Unavailable, True),
        (404, b"default backend - 404", TEXT, errors.Unavailable, True),
        (408, b"", {}, errors.Unavailable, True),
        (418, body("short and stout"), JSON, errors.Unexpected, False),
        (422, body("Bad"), JSON, errors.BadRequest, False),
        (429, body("Slow down"), JSON, errors.LimitReached, True),
        (429, b"<html>", HTML, errors.LimitReached, True),
        (500, body("Oops"), JSON, errors.Unavailable, True),
        (502, b"<html>", HTML, errors.Unavailable, True),
        (503, b"", {}, errors.Unavailable, True),
        (599, b"", {}, errors.Unavailable, True),
    ],
)
def test_every_answer_has_its_place(status, content, headers, kind, passes):
    error = failure(status, content, headers)
    assert type(error) is kind
    assert error.passes is passes
    assert error.status == status


def test_half_a_404_is_not_believed():
    assert type(failure(404, flaw="IncompleteRead")) is errors.Unavailable


def test_half_a_429_is_one():
    assert type(failure(429, flaw="IncompleteRead")) is errors.LimitReached


def test_an_answer_that_is_too_large_will_be_so_again_and_needs_a_person():
    assert type(failure(200, flaw=TOO_LARGE)) is errors.Unexpected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"retry-after": "Thu, 02 Dec 2021 12:16:00 GMT", "date": "Thu, 02 Dec 2021 12:15:30 GMT"}, 30),
        ({"Retry-After": "tomorrow"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "99999999"}, None),
        ({"X-RateLimit-Reset": "1638447360"}, None),
    ],
)
def test_a_limit_says_how_long_where_congressus_does(headers, seconds):
    assert failure(429, headers=headers).retry_after == seconds


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (body("The key has expired."), "The key has expired."),
        (body(""), "A status"),
        (body(None, status=None), ""),
        (
            body("No.", errors={"json": {"url": ["Not a valid URL.", "Too short."]}}),
            "No.\nurl: Not a valid URL.\nurl: Too short.",
        ),
        (body("No.", errors=["first", {"page": "second"}]), "No.\nfirst\npage: second"),
        (body("No.", errors={"a": {"b": {"c": {"d": {"e": "deep"}}}}}), "No."),
        (body("No.", errors=7), "No."),
        (body({"no": "text"}), ""),
        (body("one\x00two\r\nthree\x07 \ud83d"), "onetwo\nthree ?"),
        (b'["a list"]', ""),
        (b"null", ""),
        (b"no json", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_what_congressus_says_is_kept_where_it_says_anything(content, said):
    assert failure(400, content).said == said


@pytest.mark.parametrize("content", [body("x" * 1_000_000), body("", errors={"json": {"name": ["x" * 900] * 50}})])
def test_much_is_cut(content):
    assert len(failure(400, content).said) == LONGEST_SAID


def test_a_page_for_people_is_not_what_congressus_said():
    assert failure(503, b"<html>Back at noon</html>", HTML).said == ""


@pytest.mark.parametrize("before", ["", "x" * (LONGEST_SAID - 5)])
def test_a_secret_is_not_repeated_not_even_in_part(before):
    error = failure(401, body(f"{before}{KEY} is no key", errors={"headers": [f"Bearer {KEY}"]}), secrets=(KEY, ""))
    assert "k3y" not in error.said
    assert "…" in error.said


def test_the_words_for_the_log_hold_method_endpoint_status_and_ours_only():
    error = failure(400, body("Ada Lovelace is no member"), flaw="")
    assert str(error) == "BadRequest: GET members (400)"
    assert "Ada" not in repr(error)
    assert str(errors.Unreachable("GET", "members", why="SSLError")) == "Unreachable: GET members (SSLError)"
    assert str(errors.Unreachable("GET", "members")) == "Unreachable: GET members"


def test_an_error_survives_the_way_through_a_queue():
    error = pickle.loads(pickle.dumps(failure(429, body("Slow"), {**JSON, "Retry-After": "9"})))
    assert (type(error), error.status, error.said, error.retry_after) == (errors.LimitReached, 429, "Slow", 9)
