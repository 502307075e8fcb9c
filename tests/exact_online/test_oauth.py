"""Consent and tokens, over real HTTP: what Exact is sent, and what is made of its answers."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from integrations.exact_online import errors, oauth
from integrations.exact_online.oauth import AppCredentials, Token
from tests.wire import drip, hang_up, say, say_json, wire

CREDENTIALS = AppCredentials("client-1", "s3cret")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAIR = {"access_token": "acc3ss", "token_type": "bearer", "expires_in": "600", "refresh_token": "r3fresh"}
CALLBACK = "https://sync.example.org/exact-online/callback/"


def refresh(url):
    return oauth.refresh(url, CREDENTIALS, "0ld", now=lambda: NOW)


def form_of(request):
    return dict(parse_qsl(request.split("\r\n\r\n")[1], strict_parsing=True))


def test_consent_is_asked_with_everything_encoded_once():
    url = urlsplit(oauth.authorization_url("https://start.exactonline.nl", "{c 1}", CALLBACK, "st/+te"))
    assert url.geturl().startswith("https://start.exactonline.nl/api/oauth2/auth?")
    assert parse_qs(url.query) == {
        "client_id": ["{c 1}"],
        "redirect_uri": [CALLBACK],
        "response_type": ["code"],
        "state": ["st/+te"],
        "force_login": ["1"],
    }


def test_a_login_that_is_there_may_be_used():
    assert "force_login=0" in oauth.authorization_url("https://x", "c", CALLBACK, "s", force_login=False)


def test_a_code_becomes_a_token():
    with wire(say_json(200, PAIR)) as server:
        token = oauth.exchange_code(server.url, CREDENTIALS, "stamp!/+%", CALLBACK, now=lambda: NOW)
    assert token == Token("acc3ss", "r3fresh", NOW, 600)
    [request] = server.requests
    assert request.startswith("POST /api/oauth2/token HTTP/1.1\r\n")
    assert "Content-Type: application/x-www-form-urlencoded\r\n" in request
    assert "Authorization" not in request
    assert form_of(request) == {
        "grant_type": "authorization_code",
        "code": "stamp!/+%",
        "redirect_uri": CALLBACK,
        "client_id": "client-1",
        "client_secret": "s3cret",
    }


def test_a_refresh_token_becomes_the_next_token():
    with wire(say_json(200, PAIR | {"token_type": "Bearer", "expires_in": 600})) as server:
        token = refresh(server.url)
    assert (token.access_token, token.refresh_token, token.expires_in) == ("acc3ss", "r3fresh", 600)
    assert form_of(server.requests[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "0ld",
        "client_id": "client-1",
        "client_secret": "s3cret",
    }


def test_a_token_is_reckoned_from_the_arrival_of_the_answer():
    asked = []

    def now():
        asked.append(len(server.requests))
        return NOW

    with wire(say_json(200, PAIR)) as server:
        oauth.refresh(server.url, CREDENTIALS, "0ld", now=now)
    assert asked == [1]


def test_the_clock_is_utc_when_none_is_given():
    with wire(say_json(200, PAIR)) as server:
        token = oauth.refresh(server.url, CREDENTIALS, "0ld")
    assert token.issued_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - token.issued_at) < timedelta(minutes=1)


@pytest.mark.parametrize(("seconds", "refreshable"), [(600, 575), (30, 5), (25, 0), (5, 0)])
def test_a_new_token_may_be_asked_for_in_the_last_25_seconds(seconds, refreshable):
    token = Token("a", "b", NOW, seconds)
    assert token.expires_at == NOW + timedelta(seconds=seconds)
    assert token.refreshable_at == NOW + timedelta(seconds=refreshable)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "two\r\nlines"},
        {"access_token": "caf\xe9"},
        {"refresh_token": None},
        {"refresh_token": 5},
        {"token_type": "mac"},
        {"token_type": None},
        {"expires_in": None},
        {"expires_in": "soon"},
        {"expires_in": "0"},
        {"expires_in": "-600"},
        {"expires_in": True},
        {"expires_in": "6e2"},
        {"expires_in": "99999999999"},
        {"expires_in": "999999"},
    ],
)
def test_half_a_token_is_none_and_the_pair_may_have_been_renewed(changes):
    with wire(say_json(200, PAIR | changes)) as server, pytest.raises(errors.Unexpected) as caught:
        refresh(server.url)
    assert caught.value.answer_lost
    assert "acc3ss" not in str(caught.value) + repr(vars(caught.value))


@pytest.mark.parametrize("payload", [None, [], "text", {}])
def test_json_of_another_shape_is_no_token(payload):
    with wire(say_json(200, payload)) as server, pytest.raises(errors.Unexpected):
        refresh(server.url)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(say(200, b"<html>Log in</html>", {"Content-Type": "text/html"}), id="html"),
        pytest.param(say(200, b'{"access_token": "a'), id="truncated json"),
        pytest.param(say(200, b""), id="empty"),
        pytest.param(say(302, b"", {"Location": "/login"}), id="redirect"),
        pytest.param(say(503), id="503"),
        pytest.param(hang_up, id="dropped"),
    ],
)
def test_an_outage_passes_by_itself_and_the_answer_is_lost(act):
    with wire(act) as server, pytest.raises(errors.TokenServiceUnavailable) as caught:
        refresh(server.url)
    assert caught.value.passes
    assert caught.value.answer_lost
    assert len(server.requests) == 1, "a refresh token works once: nothing is repeated"


def test_an_endpoint_nobody_listens_at_has_taken_nothing():
    with wire(say(200)) as server:
        pass
    with pytest.raises(errors.TokenServiceUnavailable) as caught:
        refresh(server.url)
    assert not caught.value.answer_lost


def test_a_dripping_token_endpoint_is_left_at_the_deadline(monkeypatch):
    sending = oauth.wire.send
    monkeypatch.setattr(oauth.wire, "send", lambda *args, **kwargs: sending(*args, **kwargs, deadline=0.3))
    with wire(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")) as server, pytest.raises(errors.TokenServiceUnavailable) as caught:
        refresh(server.url)
    assert caught.value.answer_lost


def test_a_refusal_is_told_in_its_own_kind():
    answer = {"error": "unauthorized_client", "error_description": "Old refresh token used."}
    with wire(say_json(401, answer)) as server, pytest.raises(errors.OldRefreshToken) as caught:
        refresh(server.url)
    assert caught.value.said == "Old refresh token used."
    assert not caught.value.answer_lost


def test_secrets_stay_out_of_every_repr():
    shown = repr(CREDENTIALS) + repr(Token("acc3ss", "r3fresh", NOW, 600))
    assert not any(secret in shown for secret in ("s3cret", "acc3ss", "r3fresh"))
