"""The simulated OAuth: who gets tokens, for how long, and what is said to the wrong one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, REDIRECT, Bench

DAYS = 86400


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def visit(bench: Bench, method: str = "GET", **changes: str) -> requests.Response:
    asked = {"client_id": bench.app.client_id, "redirect_uri": REDIRECT, "response_type": "code", "state": "s t&1"}
    fields = {name: value for name, value in (asked | changes).items() if value}
    place = {"data": fields} if method == "POST" else {"params": fields}
    return requests.request(method, f"{bench.sim.base_url}/api/oauth2/auth", allow_redirects=False, timeout=10, **place)


def exchange(bench: Bench, code: str, redirect_uri: str = REDIRECT) -> requests.Response:
    return bench.token(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def test_a_person_allows_and_the_application_gets_tokens(bench: Bench) -> None:
    page = visit(bench, force_login="1")
    assert page.status_code == 200
    assert all(word in page.text for word in ("not Exact Online", "Toestaan", "Weigeren", "treasurer", "Members"))

    back = visit(bench, "POST", user="treasurer", answer="allow")
    assert back.status_code == 302
    assert back.headers["Location"].startswith(REDIRECT + "?")
    assert "%21" in back.headers["Location"], "the code holds a ! and arrives percent-encoded"
    answer = parse_qs(urlsplit(back.headers["Location"]).query)
    assert answer["state"] == ["s t&1"]

    pair = exchange(bench, answer["code"][0]).json()
    assert pair["expires_in"] == "600"
    assert pair["token_type"] == "bearer"
    assert len(pair["access_token"]) > 1000
    bench.session.headers["Authorization"] = f"Bearer {pair['access_token']}"
    assert bench.call("GET", "current/Me", params={"$select": "UserName"}).json()["d"]["results"][0]["UserName"] == "treasurer"


def test_a_person_refuses(bench: Bench) -> None:
    back = visit(bench, "POST", user="treasurer", answer="deny")
    assert parse_qs(urlsplit(back.headers["Location"]).query) == {"error": ["access_denied"], "state": ["s t&1"]}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "nobody"}, "Client ID"),
        ({"redirect_uri": REDIRECT + "/"}, REDIRECT),
        ({"redirect_uri": ""}, "Redirect URL"),
        ({"redirect_uri": "<script>x</script>"}, "&lt;script&gt;"),
        ({"response_type": "token"}, "response_type"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_question_is_refused_in_words_and_redirects_nowhere(
    bench: Bench, method: str, changes: dict[str, str], word: str
) -> None:
    page = visit(bench, method, user="treasurer", answer="allow", **changes)
    assert page.status_code == 400
    assert word in page.text
    assert "Location" not in page.headers


def test_who_is_logged_in_is_taken_unless_a_login_is_forced(bench: Bench) -> None:
    bench.sim.add_user("accountant")
    cookies = visit(bench, "POST", user="accountant", answer="allow").cookies
    address, asked = f"{bench.sim.base_url}/api/oauth2/auth", {
        "client_id": bench.app.client_id, "redirect_uri": REDIRECT, "response_type": "code"
    }  # fmt: skip
    silent = requests.get(address, params=asked, cookies=cookies, timeout=10).text
    forced = requests.get(address, params=asked | {"force_login": "1"}, cookies=cookies, timeout=10).text
    assert "treasurer" not in silent
    assert "accountant" in silent
    assert "treasurer" in forced


def test_a_code_works_once_and_for_three_minutes(bench: Bench) -> None:
    code = bench.sim.authorize("treasurer", bench.app)
    assert exchange(bench, code, REDIRECT + "/").status_code == 400
    code = bench.sim.authorize("treasurer", bench.app)
    assert exchange(bench, code).status_code == 200
    second = exchange(bench, code)
    assert second.status_code == 400
    assert second.json() == {
        "error": "invalid_grant",
        "error_description": "Token is not allowed, because of invalid or empty chainId",
    }
    late = bench.sim.authorize("treasurer", bench.app)
    bench.sim.dials.clock_offset = 181
    assert exchange(bench, late).json()["error"] == "invalid_grant"


def test_the_token_endpoint_reads_forms_and_basic_credentials(bench: Bench) -> None:
    url = f"{bench.sim.base_url}/api/oauth2/token"
    refresh_token = bench.login()["refresh_token"]
    bench.sim.dials.clock_offset = 600
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    whole = form | {"client_id": bench.app.client_id, "client_secret": bench.app.client_secret}
    for refused in (
        requests.post(url, json=whole, timeout=10),
        requests.post(url, data=whole | {"client_secret": "wrong"}, timeout=10),
        requests.post(url, data=whole | {"client_id": "nobody"}, timeout=10),
        requests.post(url, data=form, timeout=10),
        requests.post(url, data=form, headers={"Authorization": "Basic ???"}, timeout=10),
        requests.get(url, params=whole, timeout=10),
    ):
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})
    assert requests.post(url, data=whole | {"grant_type": "password"}, timeout=10).json()["error"] == "unsupported_grant_type"
    basic = base64.b64encode(f"{bench.app.client_id}:{bench.app.client_secret}".encode()).decode()
    assert requests.post(url, data=form, headers={"Authorization": f"Basic {basic}"}, timeout=10).status_code == 200


def test_a_refresh_too_early_is_refused_and_harmless(bench: Bench) -> None:
    first = bench.login()
    bench.sim.dials.clock_offset = 565
    early = bench.refresh(first["refresh_token"])
    assert early.status_code == 400
    assert early.json() == {
        "error": "access_denied", "error_description": "Rate limit exceeded: access_token not expired"
    }  # fmt: skip
    assert early.headers["Reason"] == "TooEarlyToRefreshTokens: Rate limit exceeded: access_token not expired"
    bench.sim.dials.clock_offset = 571
    assert bench.refresh(first["refresh_token"]).status_code == 200


def test_a_refresh_token_is_spent_by_use(bench: Bench) -> None:
    first = bench.login()
    bench.sim.dials.clock_offset = 600
    second = bench.refresh(first["refresh_token"]).json()
    bench.sim.dials.clock_offset = 1200
    again = bench.refresh(first["refresh_token"])
    assert again.status_code == 401
    assert again.json() == {"error": "unauthorized_client", "error_description": "Old refresh token used."}
    assert bench.refresh(second["refresh_token"]).status_code == 200, "the chain outlives the mistake"


def test_a_long_spent_token_is_not_even_remembered(bench: Bench) -> None:
    bench.sim.dials.refresh_minimum_age = 0
    first = pair = bench.login()
    for _ in range(22):
        pair = bench.refresh(pair["refresh_token"]).json()
    assert bench.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"


def test_with_grace_the_previous_token_works_until_the_new_one_is_used(bench: Bench) -> None:
    bench.sim.dials.refresh_grace = True
    first = bench.login()
    bench.sim.dials.clock_offset = 600
    lost = bench.refresh(first["refresh_token"]).json()
    saved = bench.refresh(first["refresh_token"]).json()
    assert saved["refresh_token"] != lost["refresh_token"]
    bench.session.headers["Authorization"] = f"Bearer {saved['access_token']}"
    assert bench.call("GET", "current/Me").status_code == 200
    assert bench.refresh(lost["refresh_token"]).json()["error_description"] == "Old refresh token used."


def test_of_many_refreshes_at_once_exactly_one_wins(bench: Bench) -> None:
    first = bench.login()
    bench.sim.dials.clock_offset = 600
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: bench.refresh(first["refresh_token"]), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


def test_a_second_consent_of_the_same_user_ends_the_first_chain_only_of_that_key(bench: Bench) -> None:
    first = bench.login()
    other_app = bench.sim.add_app("Other", REDIRECT)
    elsewhere = bench.sim.consent("treasurer", other_app)
    assert bench.call("GET", "current/Me").status_code == 200
    bench.sim.consent("treasurer", bench.app)
    assert bench.call("GET", "current/Me").status_code == 401
    bench.sim.dials.clock_offset = 600
    assert bench.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    bench.app = other_app
    assert bench.refresh(elsewhere["refresh_token"]).status_code == 200


def test_thirty_days_of_rest_end_a_chain(bench: Bench) -> None:
    first = bench.login()
    bench.sim.dials.clock_offset = 29 * DAYS
    second = bench.refresh(first["refresh_token"]).json()
    bench.sim.dials.clock_offset = 60 * DAYS
    assert bench.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_access_token_lives_ten_minutes(bench: Bench) -> None:
    bench.sim.dials.clock_offset = 598
    assert bench.call("GET", "current/Me").status_code == 200
    bench.sim.dials.clock_offset = 601
    late = bench.call("GET", "current/Me")
    assert (late.status_code, late.content) == (401, b"")
    bench.session.headers["Authorization"] = "Bearer made-up"
    assert bench.call("GET", "current/Me").status_code == 401
    del bench.session.headers["Authorization"]
    assert bench.get(filter="Blocked eq false", select="ID").status_code == 401


def test_a_revoked_consent_shows_at_the_next_use(bench: Bench) -> None:
    pair = bench.login()
    bench.sim.revoke("treasurer")
    assert bench.get(filter="Blocked eq false", select="ID").status_code == 401
    bench.sim.dials.clock_offset = 600
    assert bench.refresh(pair["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_blocked_user_gets_nothing_anywhere(bench: Bench) -> None:
    pair = bench.login()
    bench.sim.change_user("treasurer", reason="BlockedUser")
    refused = bench.get(filter="Blocked eq false", select="ID")
    assert (refused.status_code, refused.headers["Reason"]) == (403, "BlockedUser")
    bench.sim.dials.clock_offset = 600
    assert bench.refresh(pair["refresh_token"]).status_code == 403
    assert visit(bench, "POST", user="treasurer", answer="allow").status_code == 403


def test_two_hundred_token_calls_a_day(bench: Bench) -> None:
    bench.sim.dials.turn(token_calls_per_day=3, refresh_minimum_age=0.0)
    pair = bench.login()
    pair = bench.refresh(pair["refresh_token"]).json()
    over = bench.refresh(pair["refresh_token"])
    assert (over.status_code, over.content) == (429, b"")
    bench.sim.dials.clock_offset = DAYS
    assert bench.refresh(pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ({"kind": "status", "status": 400}, (400, "")),
        ({"kind": "status", "status": 503}, (503, "")),
        ({"kind": "html", "status": 200}, (200, "text/html; charset=utf-8")),
    ],
)
def test_an_outage_of_the_token_endpoint_keeps_the_token_good(
    bench: Bench, fault: dict[str, object], seen: tuple[int, str]
) -> None:
    pair = bench.login()
    bench.sim.dials.clock_offset = 600
    bench.sim.add_fault(endpoint="oauth2/token", **fault)  # type: ignore[arg-type]
    answer = bench.refresh(pair["refresh_token"])
    assert (answer.status_code, answer.headers.get("Content-Type", "")) == seen
    assert bench.refresh(pair["refresh_token"]).status_code == 200


def test_no_token_or_secret_is_ever_shown(bench: Bench) -> None:
    pair = bench.login()
    bench.sim.dials.clock_offset = 600
    bench.refresh(pair["refresh_token"])
    bench.get(filter="Blocked eq false", select="ID", division=DIVISION)
    shown = repr(bench.sim.calls()) + repr(bench.app) + repr(bench.sim.tokens.holder(pair["refresh_token"]))
    assert bench.app.client_secret not in shown
    assert pair["refresh_token"] not in shown
    assert pair["access_token"] not in shown
    assert [call.endpoint for call in bench.sim.calls()] == ["oauth2/token", "crm/Accounts"]
