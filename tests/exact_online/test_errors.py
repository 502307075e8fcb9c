"""Answers as Exact Online was seen to give them, and the two facts read from each."""

import json
import pickle

import pytest

from integrations.exact_online import errors
from integrations.exact_online.errors import from_response, from_token_response
from integrations.wire import TOO_LARGE, Answer

ACCOUNTS = "crm/Accounts"
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
DAY = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1638489600000"}
MINUTE = {
    "X-RateLimit-Minutely-Limit": "60",
    "X-RateLimit-Minutely-Remaining": "0",
    "X-RateLimit-Minutely-Reset": "1638447360000",
}
DATE = {"Date": "Thu, 02 Dec 2021 12:15:30 GMT"}
LEFT = {"X-RateLimit-Remaining": "7"}


def message(value):
    return json.dumps({"error": {"code": "", "message": {"lang": "", "value": value}}}).encode()


def failure(status, body=b"", headers=JSON, method="PUT", endpoint=ACCOUNTS, flaw=""):
    return from_response(Answer(status, headers, body, flaw), method, endpoint)


@pytest.mark.parametrize(
    ("status", "body", "headers", "name", "corner", "lost"),
    [
        (500, message("Ongeldig: E-mail []"), JSON, "Rejected", ("relation", False), False),
        (500, b"", {}, "RelationBusy", ("relation", True), True),
        (500, b"<html>Oops</html>", HTML, "RelationBusy", ("relation", True), True),
        (500, message(""), JSON, "RelationBusy", ("relation", True), True),
        (500, b'{"error": {"mess', JSON, "RelationBusy", ("relation", True), True),
        (502, message("Bad gateway"), JSON, "RelationBusy", ("relation", True), True),
        (599, b"", {}, "RelationBusy", ("relation", True), True),
        (408, b"", {}, "RelationBusy", ("relation", True), True),
        (200, b"no json", {}, "RelationBusy", ("relation", True), True),
        (404, b"", {}, "Vanished", ("relation", False), False),
        (503, b"", HTML, "Maintenance", ("connection", True), True),
        (503, message("Service unavailable"), JSON, "Maintenance", ("connection", True), True),
        (302, b"Object moved", HTML, "Maintenance", ("connection", True), True),
        (200, b"<html>Log in</html>", HTML, "Maintenance", ("connection", True), True),
        (401, b"", HTML, "Unauthorized", ("connection", False), False),
        (403, message("Forbidden"), JSON, "Forbidden", ("connection", False), False),
        (400, message("Error processing request stream."), JSON, "BadRequest", ("connection", False), False),
        (405, b"", {}, "Unexpected", ("connection", False), False),
        (418, message("short and stout"), JSON, "Unexpected", ("connection", False), False),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_every_answer_has_its_corner(status, body, headers, name, corner, lost, method):
    if (status, method) == (404, "GET"):
        name, corner = "Unexpected", ("connection", False)
    error = failure(status, body, headers, method)
    assert type(error).__name__ == name
    assert (error.concerns, error.passes) == corner
    assert error.answer_lost is (lost and method == "PUT")
    assert error.status == status


def test_a_post_to_a_path_that_is_not_there_is_no_vanished_relation():
    assert type(failure(404, method="POST")) is errors.Unexpected


@pytest.mark.parametrize("endpoint", ["current/Me", "system/Divisions"])
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"", errors.Maintenance),
        (408, b"", errors.Maintenance),
        (500, message("Onbekend: x"), errors.Unexpected),
    ],
)
def test_what_is_not_about_a_relation_concerns_the_connection(endpoint, status, body, kind):
    error = failure(status, body, method="GET", endpoint=endpoint)
    assert type(error) is kind
    assert error.concerns == "connection"


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (MINUTE, "MinuteLimitReached"),
        (DAY, "DayLimitReached"),
        (MINUTE | DAY, "DayLimitReached"),
        (MINUTE | DAY | LEFT, "MinuteLimitReached"),
        (MINUTE | {"X-RateLimit-Minutely-Remaining": "49"}, "MinuteLimitReached"),
        (MINUTE | DAY | LEFT | {"X-RateLimit-Minutely-Remaining": "49"}, "LimitUnknown"),
        ({}, "LimitUnknown"),
        ({"X-RateLimit-Minutely-Remaining": "0", "X-RateLimit-Minutely-Reset": "0"}, "LimitUnknown"),
    ],
)
def test_a_429_tells_which_limit_by_the_headers_it_carries(headers, name):
    error = failure(429, headers=headers | DATE)
    assert type(error).__name__ == name
    assert (error.concerns, error.passes, error.answer_lost) == ("connection", True, False)


def test_a_429_brings_the_wait_along():
    error = failure(429, headers=MINUTE | DATE | {"Retry-After": "7"})
    assert error.limits.seconds_until_reset("minute") == 30
    assert error.retry_after == 7


@pytest.mark.parametrize(("status", "counted"), [(400, True), (401, True), (403, True), (404, True), (429, False), (500, False)])
def test_the_errors_that_exact_counts_are_known(status, counted):
    assert failure(status).counted is counted


@pytest.mark.parametrize(
    "reason", ["NoDivisionAccess", "DivisionBlocked", "LicenseExpired", "BlockedUser", "InactiveUser", "BlockedCustomer"]
)
def test_a_403_says_why(reason):
    error = failure(403, headers={"Reason": reason})
    assert (error.reason, error.said) == (reason, "")
    assert str(error) == f"Forbidden: PUT crm/Accounts (403, {reason})"


def test_the_words_after_the_reason_are_said_when_nothing_else_is():
    headers = {"Reason": "NoDivisionAccess: User division is not within division scope"}
    error = failure(403, headers=headers)
    assert (error.reason, error.said) == ("NoDivisionAccess", "User division is not within division scope")
    assert failure(403, message("Forbidden"), headers).said == "Forbidden"
    assert type(failure(500, b"", headers)) is errors.RelationBusy


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Verplicht: Naam\r\nOngeldig: Land [XX]", "Verplicht: Naam\nOngeldig: Land [XX]"),
        ("  \r\n Gegeven bestaat reeds. \r\n", "Gegeven bestaat reeds."),
        ("a\x00b\x1b[31mc\ud800", "ab[31mc?"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_what_exact_says_is_one_sentence_a_line_and_fit_to_be_kept(value, said):
    assert failure(500, message(value)).said == said


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"text"',
        b'{"error": "text"}',
        b'{"error": {"message": 5}}',
        b'{"error": {"message": {"value": {}}}}',
        b'{"error": {"message": null}}',
        b"[" * 200_000,
    ],
)
def test_bodies_of_other_shapes_say_nothing(body):
    error = failure(500, body)
    assert (type(error), error.said) == (errors.RelationBusy, "")


def test_a_message_that_is_plain_text_is_heard():
    assert failure(500, b'{"error": {"message": "Onbekend: Land"}}').said == "Onbekend: Land"


@pytest.mark.parametrize(("flaw", "name"), [("IncompleteRead", "Unreachable"), (TOO_LARGE, "Unexpected")])
def test_a_2xx_without_its_body_loses_the_answer_of_a_write(flaw, name):
    error = failure(201, flaw=flaw, method="POST")
    assert (type(error).__name__, error.answer_lost, error.why) == (name, True, flaw)


def test_a_refusal_stays_one_when_its_body_is_cut_short():
    assert type(failure(401, flaw="IncompleteRead")) is errors.Unauthorized


def token_failure(status, body=b"", headers=JSON, flaw=""):
    return from_token_response(Answer(status, headers, body, flaw))


def fault(error, description=""):
    return json.dumps({"error": error, "error_description": description}).encode()


NOT_EXPIRED = fault("access_denied", "Rate limit exceeded: access_token not expired")
OLD = fault("unauthorized_client", "Old refresh token used.")
CHAIN = "Token is not allowed, because of invalid or empty chainId"


@pytest.mark.parametrize(
    ("status", "body", "headers", "name", "passes"),
    [
        (400, NOT_EXPIRED, JSON, "TokenNotExpired", True),
        (401, b"Access Token not expired", {}, "TokenNotExpired", True),
        (401, fault("x", "Access Token not expired"), JSON, "TokenNotExpired", True),
        (400, b"", {"Reason": "TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired"}, "TokenNotExpired", True),
        (401, OLD, JSON, "OldRefreshToken", False),
        (400, OLD, JSON, "OldRefreshToken", False),
        (400, fault("invalid_grant", CHAIN), JSON, "ConsentLost", False),
        (400, fault("invalid_grant"), JSON, "ConsentLost", False),
        (401, fault("unauthorized_client", CHAIN), JSON, "ConsentLost", False),
        (400, fault("access_denied"), JSON, "ConsentLost", False),
        (403, b"", {}, "ConsentLost", False),
        (400, fault("invalid_request"), JSON, "WrongCredentials", False),
        (401, fault("invalid_client"), JSON, "WrongCredentials", False),
        (401, fault("unauthorized_client"), JSON, "WrongCredentials", False),
        (429, b"", {}, "TokenLimitReached", True),
        (400, fault("access_denied", "Rate limit exceeded: tokens today"), JSON, "TokenLimitReached", True),
        (400, b"", {}, "TokenServiceUnavailable", True),
        (401, b"<html>", HTML, "TokenServiceUnavailable", True),
        (400, fault(""), JSON, "TokenServiceUnavailable", True),
        (400, b"[]", JSON, "TokenServiceUnavailable", True),
        (400, fault("temporarily_unavailable"), JSON, "TokenServiceUnavailable", True),
        (503, b"", HTML, "TokenServiceUnavailable", True),
        (500, fault("invalid_grant"), JSON, "TokenServiceUnavailable", True),
        (302, b"Object moved", HTML, "TokenServiceUnavailable", True),
        (200, b"<html>", HTML, "TokenServiceUnavailable", True),
        (408, b"", {}, "TokenServiceUnavailable", True),
        (400, fault("never_heard_of"), JSON, "Unexpected", False),
        (404, b"", HTML, "Unexpected", False),
    ],
)
def test_the_token_endpoint_has_an_answer_for_every_case(status, body, headers, name, passes):
    error = token_failure(status, body, headers)
    assert (type(error).__name__, error.passes, error.concerns) == (name, passes, "connection")
    assert error.answer_lost is (status < 400 or status == 408 or status >= 500)


def test_what_the_token_endpoint_says_is_kept():
    error = token_failure(401, OLD)
    assert error.said == "Old refresh token used."
    assert token_failure(400, fault("invalid_request")).said == "invalid_request"
    assert str(error) == "OldRefreshToken: POST oauth2/token (401)"


def test_a_token_answer_too_large_to_read_needs_a_person():
    assert type(token_failure(200, flaw=TOO_LARGE)) is errors.Unexpected


def leaves(kind=errors.ExactError):
    below = kind.__subclasses__()
    return [leaf for sub in below for leaf in leaves(sub)] if below else [kind]


@pytest.mark.parametrize("kind", leaves())
def test_an_error_survives_the_way_between_processes_and_says_nothing_it_should_not(kind):
    error = kind("PUT", ACCOUNTS, status=500, said="Ongeldig: E-mail [ada@example.org]", answer_lost=True, why="word")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), vars(copy)) == (kind, vars(error))
    assert str(copy) == f"{kind.__name__}: PUT crm/Accounts (500, word)"
    assert "ada@" not in str(error) + repr(error)


def test_what_is_unknown_needs_a_person():
    assert (errors.ExactError.passes, errors.ExactError.concerns) == (False, "connection")
    assert str(errors.ExactError("GET", "current/Me")) == "ExactError: GET current/Me"


def test_the_tree_drawn_at_the_top_is_the_tree_that_stands():
    assert {kind.__name__ for kind in leaves()} <= set(errors.__doc__.replace(",", " ").split())
