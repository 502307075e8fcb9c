"""Whatever a server does, one exchange ends in bounded time and tells whether a write may have been executed."""

import gzip
import socket
import time

import pytest

from integrations.wire import Answer, NoAnswer, Session, retry_after, send, sentences
from tests.wire import drip, hang_up, raw, say, silence, wire

DATE = "Thu, 02 Dec 2021 12:15:30 GMT"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def session():
    with Session() as session:
        yield session


def post(session, url, **options):
    return send(session, "POST", f"{url}/x", json={"Name": "Ada"}, token="t0ken", **options)


def failure(session, url, **options):
    with pytest.raises(NoAnswer) as caught:
        post(session, url, **options)
    return caught.value


def test_an_ordinary_exchange_brings_back_status_headers_and_body(session):
    with wire(say(500, b"hello", {"X-Word": "yes"})) as server:
        answer = post(session, server.url)
    assert (answer.status, answer.headers["x-word"], answer.body, answer.flaw) == (500, "yes", b"hello", "")
    [request] = server.requests
    assert "Authorization: Bearer t0ken\r\n" in request
    assert "User-Agent: congressus_sync\r\n" in request
    assert request.endswith('{"Name": "Ada"}')


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(drip(b""), id="status line"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), id="headers"),
        pytest.param(silence, id="nothing at all"),
        pytest.param(raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 3, stay=True), id="continue"),
    ],
)
def test_a_server_that_drips_before_the_body_is_left_at_the_deadline(session, act):
    with wire(act) as server:
        started = time.monotonic()
        error = failure(session, server.url, deadline=0.4)
        took = time.monotonic() - started
    assert 0.3 < took < 2
    assert error.answer_lost


def test_a_server_that_drips_its_body_is_left_at_the_deadline_with_its_status_known(session):
    with wire(drip(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")) as server:
        started = time.monotonic()
        answer = post(session, server.url, deadline=0.4)
        took = time.monotonic() - started
    assert 0.3 < took < 2
    assert (answer.status, answer.body) == (201, b"")
    assert answer.flaw


def test_a_single_read_that_takes_too_long_ends_before_the_deadline(session, monkeypatch):
    monkeypatch.setattr("integrations.wire.READ_TIMEOUT", 0.2)
    with wire(silence) as server:
        started = time.monotonic()
        error = failure(session, server.url, deadline=4)
    assert time.monotonic() - started < 2
    assert error.answer_lost


def test_no_deadline_left_means_nothing_was_sent(session):
    with wire(say(200)) as server:
        assert post(session, server.url).status == 200
        error = failure(session, server.url, deadline=1e-9)
    assert not error.answer_lost
    assert len(server.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_an_answer_above_the_cap_is_not_kept(session, headers):
    body = b"[" + b" " * 300_000 + b"]"
    with wire(say(200, gzip.compress(body) if headers else body, headers)) as server:
        answer = post(session, server.url, size_cap=100_000)
    assert answer.oversized
    assert answer.body == b""


def test_a_compressed_answer_is_read(session):
    with wire(say(200, gzip.compress(b"{}"), {"Content-Encoding": "gzip"})) as server:
        assert post(session, server.url).json() == {}


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(raw(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"d"'), id="fewer bytes than promised"),
        pytest.param(raw(CHUNKED + b'20\r\n{"d"'), id="inside a chunk"),
        pytest.param(say(200, b"no gzip", {"Content-Encoding": "gzip"}), id="not the promised encoding"),
    ],
)
def test_a_truncated_body_is_a_flaw_and_no_json(session, act):
    with wire(act) as server:
        answer = post(session, server.url)
    assert answer.flaw
    with pytest.raises(ValueError, match=answer.flaw):
        answer.json()


@pytest.mark.parametrize("act", [hang_up, raw(b"HTTP/1.1 20"), raw(b"good evening\r\n\r\n")])
def test_a_connection_dropped_after_sending_loses_the_answer(session, act):
    with wire(act) as server:
        error = failure(session, server.url)
    assert error.answer_lost
    assert len(server.requests) == 1


def test_a_kept_alive_connection_dropped_on_the_second_post_loses_its_answer_and_is_not_repeated(session):
    with wire(say(200), hang_up) as server:
        post(session, server.url)
        error = failure(session, server.url)
    assert error.answer_lost
    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_pooled_connection_that_was_closed_meanwhile_is_replaced(session):
    with wire(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server:
        post(session, server.url)
        assert server.hung_up.wait(5)
        assert post(session, server.url).status == 200
    assert (server.connections, len(server.requests)) == (2, 2)


def test_connections_are_kept_open_between_calls(session):
    with wire(say(200, b"{}")) as server:
        for _ in range(3):
            post(session, server.url)
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_refused_connection_was_never_sent(session):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(session, f"http://127.0.0.1:{port}")
    assert not error.answer_lost
    assert error.why == "NewConnectionError"


def test_a_failed_tls_handshake_was_never_sent(session):
    with wire(say(200)) as server:
        error = failure(session, server.url.replace("http:", "https:"))
    assert not error.answer_lost
    assert error.why == "SSLError"


def test_a_silent_tls_server_is_left_at_the_deadline_and_nothing_was_sent(session):
    with wire(silence) as server:
        started = time.monotonic()
        error = failure(session, server.url.replace("http:", "https:"), deadline=0.3)
    assert time.monotonic() - started < 2
    assert not error.answer_lost


def test_a_get_has_nothing_to_lose(session):
    with wire(hang_up) as server, pytest.raises(NoAnswer) as caught:
        send(session, "GET", server.url)
    assert not caught.value.answer_lost


def test_redirects_are_handed_back_and_not_even_their_bodies_pass_the_cap(session):
    with wire(say(302, b"x" * 300_000, {"Location": "/login"})) as server:
        answer = post(session, server.url, size_cap=1_000)
    assert answer.status == 302
    assert answer.oversized
    assert len(server.requests) == 1


def test_cookies_of_one_answer_do_not_travel_with_the_next_request(session):
    with wire(say(200, b"", {"Set-Cookie": "ASP.NET_SessionId=abc; path=/"})) as server:
        post(session, server.url)
        post(session, server.url)
    assert "abc" not in server.requests[1]


def test_netrc_does_not_replace_the_token(session, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password lovelace\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with wire(say(200)) as server:
        post(session, server.url)
        send(session, "POST", server.url, form={"a": "b"})
    assert "Authorization: Bearer t0ken" in server.requests[0]
    assert "Authorization" not in server.requests[1]


def test_a_proxy_of_the_environment_is_used_and_the_deadline_holds_there_too(session, monkeypatch):
    with wire(say(200, b"by proxy"), drip(b"")) as server:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        assert post(session, "http://exact.invalid").body == b"by proxy"
        started = time.monotonic()
        assert failure(session, "http://exact.invalid", deadline=0.4).answer_lost
    assert time.monotonic() - started < 2
    assert server.requests[0].startswith("POST http://exact.invalid/x ")


def test_a_proxy_that_refuses_the_tunnel_has_not_sent_our_request(session, monkeypatch):
    with wire(say(407)) as server:
        monkeypatch.setenv("https_proxy", server.url)
        monkeypatch.setenv("no_proxy", "")
        error = failure(session, "https://exact.invalid")
    assert not error.answer_lost
    assert server.requests[0].startswith("CONNECT exact.invalid:443")


@pytest.mark.parametrize("token", ["two\r\nlines", "caf\xe9"])
def test_a_token_no_header_can_carry_is_refused_without_being_quoted(session, token):
    with pytest.raises(ValueError, match="no header can carry") as caught:
        send(session, "GET", "http://127.0.0.1:9", token=token)
    assert token not in str(caught.value)


def test_neither_token_nor_form_can_be_reached_from_the_exception(session):
    with wire(hang_up) as server, pytest.raises(NoAnswer) as caught:
        send(session, "POST", server.url, token="t0ken", form={"client_secret": "s3cret"})
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "t0ken" not in repr(vars(error)) + str(error) + repr(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"d":', b"[" * 200_000, b"\xff\xfe\x00"])
def test_what_is_not_json_is_a_value_error(body):
    with pytest.raises(ValueError):  # noqa: PT011 -- its text is json's own
        Answer(200, body=body).json()


def test_a_byte_order_mark_does_no_harm():
    assert Answer(200, body=b'\xef\xbb\xbf{"d": []}').json() == {"d": []}


@pytest.mark.parametrize(
    ("status", "kind", "body", "ok"),
    [
        (200, "application/json", b"{}", True),
        (204, "", b"", True),
        (200, "text/html; charset=utf-8", b"", False),
        (200, "application/json", b"  <!DOCTYPE html>", False),
        (302, "", b"", False),
        (500, "application/json", b"{}", False),
    ],
)
def test_only_a_2xx_that_is_no_page_is_ok(status, kind, body, ok):
    assert Answer(status, {"Content-Type": kind}, body).ok is ok


def test_the_body_stays_out_of_the_repr():
    assert "Ada" not in repr(Answer(200, body=b"Ada"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"retry-after": "Thu, 02 Dec 2021 12:17:30 GMT", "date": DATE}, 120),
        ({"Retry-After": "Thu, 02 Dec 2021 12:17:30 GMT"}, None),
        ({"Retry-After": "Thu, 02 Dec 2021 12:00:00 GMT", "Date": DATE}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "99999999"}, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(headers, seconds):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("one\ntwo\r\n\n three ", "one\ntwo\nthree"),
        ("NUL\x00, bell\x07", "NUL, bell"),
        ("half \ud83d of a pair", "half ? of a pair"),
        ("x" * 500, "x" * 100),
        (None, ""),
        ({"no": "text"}, ""),
    ],
)
def test_a_vendors_sentence_is_made_fit_to_be_kept(said, kept):
    assert sentences(said, 100) == kept
