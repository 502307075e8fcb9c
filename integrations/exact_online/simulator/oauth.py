"""The two doors of OAuth: the page where a user allows an API key in, and the token endpoint.

The redirect address is compared letter by letter with the registered one; a mismatch is told to the person on the page, never
sent to the address. The token endpoint reads forms only and takes the client's secret in the body or as HTTP Basic.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from html import escape
from urllib.parse import quote, unquote

from integrations.simulation.clock import Clock
from integrations.simulation.faults import Faults
from integrations.simulation.messages import Request, Response, html_response, json_response, redirect

from .faults import Fault
from .layout import document
from .log import Log
from .tokens import Refused, Tokens
from .world import App, User, World

ENDPOINT = "oauth2/token"


class Oauth:
    def __init__(self, world: World, tokens: Tokens, faults: Faults[Fault], log: Log, clock: Clock) -> None:
        self._world, self._tokens, self._faults, self._log, self._clock = world, tokens, faults, log, clock

    def authorize(self, request: Request) -> Response:
        """GET shows the question, POST takes the answer and goes back to the application."""
        asked = request.form() if request.method == "POST" else request.options()
        app = self._world.apps.get(asked.get("client_id", ""))
        problem = _problem(app, asked)
        if app is None or problem:
            return _refusal_page(problem)
        if request.method == "POST":
            return self._answered(app, asked)
        return html_response(200, _consent_page(app, asked, self._choice(request, asked)))

    def token(self, request: Request) -> Response:
        """The token endpoint; every refusal in the words of Exact."""
        form = request.form() if _is_form(request) else {}
        client_id, client_secret = _credentials(request, form)
        query = {"grant_type": form.get("grant_type", "")}
        call = self._log.begin(request, self._clock.now(), ENDPOINT, client=client_id, query=query)
        response = self._faults.play(call, lambda _: self._issued(request, form, client_id, client_secret))
        self._log.finish(call, response)
        return response

    def _issued(self, request: Request, form: dict[str, str], client_id: str, secret: str) -> Response:
        try:
            if request.method != "POST" or not form:
                raise Refused(400, "invalid_request")
            return json_response(200, self._pair(form, self._app(client_id, secret)), {"Cache-Control": "no-store"})
        except Refused as refused:
            payload = {"error": refused.error, "error_description": refused.description}
            headers = {"Reason": refused.reason} if refused.reason else {}
            if not refused.error:
                return Response(refused.status, headers=headers)
            return json_response(refused.status, {name: text for name, text in payload.items() if text}, headers)

    def _pair(self, form: dict[str, str], app: App) -> dict[str, str]:
        if form.get("grant_type") == "authorization_code":
            return self._tokens.exchange(app, form.get("code", ""), form.get("redirect_uri", ""))
        if form.get("grant_type") != "refresh_token":
            raise Refused(400, "unsupported_grant_type")
        chain = self._tokens.holder(form.get("refresh_token", ""))
        if chain and self._world.users[chain.username].reason:
            raise Refused(403, reason=self._world.users[chain.username].reason)
        return self._tokens.refresh(app, form.get("refresh_token", ""))

    def _app(self, client_id: str, secret: str) -> App:
        app = self._world.apps.get(client_id)
        if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
            raise Refused(400, "invalid_request")
        return app

    def _choice(self, request: Request, asked: dict[str, str]) -> list[User]:
        """Who may be chosen: the one logged in, unless a login was forced; else everybody."""
        known = self._world.users.get(request.cookie("exact_user"))
        return [known] if known and asked.get("force_login") != "1" else list(self._world.users.values())

    def _answered(self, app: App, asked: dict[str, str]) -> Response:
        user = self._world.users.get(asked.get("user", ""))
        if user is None or user.reason:
            return _refusal_page("Deze gebruiker kan niet inloggen.", 403)
        cookie = {"Set-Cookie": f"exact_user={quote(user.username, safe='')}; Path=/; HttpOnly; SameSite=Lax"}
        answer = {"error": "access_denied"}
        if asked.get("answer") == "allow":
            answer = {"code": self._tokens.authorize(app, user, app.redirect_uri)}
        if asked.get("state"):
            answer["state"] = asked["state"]
        return redirect(_with_query(app.redirect_uri, answer), cookie)


def _problem(app: App | None, asked: dict[str, str]) -> str:
    if app is None:
        return "Onbekende Client ID: deze API-sleutel is niet geregistreerd."
    if asked.get("redirect_uri") != app.redirect_uri:
        return (
            "De Redirect URL is niet gelijk aan de geregistreerde. Gevraagd: "
            f"{asked.get('redirect_uri') or '(geen)'} Geregistreerd: {app.redirect_uri}"
        )
    return "" if asked.get("response_type") == "code" else "response_type moet code zijn."


def _refusal_page(problem: str, status: int = 400) -> Response:
    body = f'<section class="problem"><h1>Aanvraag geweigerd</h1><p>{escape(problem)}</p></section>'
    return html_response(status, document("Aanvraag geweigerd", body, narrow=True))


def _consent_page(app: App, asked: dict[str, str], choice: list[User]) -> str:
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">'
        for name in ("client_id", "redirect_uri", "response_type", "state")
    )
    body = (
        f"<section><h1>{escape(app.name)} vraagt toegang</h1><p>{escape(app.name)} wil uw administraties en relaties "
        'in Exact Online lezen en bijwerken.</p><form method="post" action="/api/oauth2/auth">'
        f'{kept}<label for="user">Inloggen als</label><select id="user" name="user">'
        f"{''.join(_option(user) for user in choice)}</select>"
        '<div class="row"><button class="go" name="answer" value="allow">Toestaan</button>'
        '<button name="answer" value="deny">Weigeren</button></div></form></section>'
    )
    return document("Toegang verlenen", body, narrow=True)


def _option(user: User) -> str:
    return f'<option value="{escape(user.username)}">{escape(f"{user.full_name} ({user.username})")}</option>'


def _with_query(url: str, values: dict[str, str]) -> str:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _is_form(request: Request) -> bool:
    return request.header("Content-Type").partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.header("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)
