"""The App Center: where a person registers an API key and finds its Client ID and Client secret.

Exact takes public https addresses only; here http is allowed on the machine itself, because that is where it is tried.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from integrations.simulation.chance import Chance
from integrations.simulation.messages import Request, Response, html_response, redirect

from .layout import document
from .world import App, World

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class AppCenter:
    def __init__(self, world: World, chance: Chance) -> None:
        self._world, self._chance = world, chance

    def answer(self, request: Request) -> Response:
        if request.path == "/app-center/":
            return html_response(200, self._list())
        if request.path != "/app-center/register/":
            return html_response(404, document("Niet gevonden", "<h1>Niet gevonden</h1>"))
        return self._registered(request.form()) if request.method == "POST" else html_response(200, _form({}, ""))

    def _registered(self, form: dict[str, str]) -> Response:
        form = {name: value.strip() for name, value in form.items()}
        problem = _problem(form)
        if problem:
            return html_response(400, _form(form, problem))
        secret = self._chance.token(12)
        app = App(self._chance.guid(), secret, form["name"], form["redirect_uri"])
        self._world.put_app(app)
        return redirect(f"/app-center/#{app.client_id}")

    def _list(self) -> str:
        apps = "".join(_card(app) for app in reversed(self._world.apps.values()))
        nothing = '<p class="soft">Er zijn nog geen API-sleutels geregistreerd.</p>'
        return document(
            "App Center",
            '<div class="head"><h1>Beheer mijn apps</h1>'
            '<a class="button go" href="/app-center/register/">API-sleutels registreren</a></div>' + (apps or nothing),
            narrow=True,
        )


def _card(app: App) -> str:
    return (
        f'<section id="{escape(app.client_id)}"><h2>{escape(app.name)}</h2><dl>'
        f"<dt>Redirect URL</dt><dd><code>{escape(app.redirect_uri)}</code></dd>"
        f"<dt>Client ID</dt><dd><code>{escape(app.client_id)}</code></dd>"
        f"<dt>Client secret</dt><dd><details><summary>Tonen</summary><code>{escape(app.client_secret)}</code>"
        "</details></dd></dl></section>"
    )


def _form(values: dict[str, str], problem: str) -> str:
    warning = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return document(
        "API-sleutels registreren",
        f'<section><h1>API-sleutels registreren</h1>{warning}<form method="post">'
        '<label for="name">Naam</label><input type="text" id="name" name="name" required '
        f'value="{escape(values.get("name", ""))}"><label for="redirect">Redirect URL</label>'
        '<input type="text" id="redirect" name="redirect_uri" required aria-describedby="hint" '
        f'value="{escape(values.get("redirect_uri", ""))}"><p class="soft" id="hint">Exact Online zelf aanvaardt alleen '
        "https. Deze simulator neemt op de eigen machine ook http aan.</p>"
        '<label class="check"><input type="checkbox" name="terms" value="1" required> Ik ga akkoord met de voorwaarden'
        '</label><div class="row"><button class="go">Registreren</button></div></form></section>',
        narrow=True,
    )


def _problem(form: dict[str, str]) -> str:
    if not form.get("name"):
        return "Verplicht: Naam"
    if not form.get("terms"):
        return "Ga eerst akkoord met de voorwaarden."
    try:
        address = urlsplit(form.get("redirect_uri", ""))
        host = address.hostname or ""
    except ValueError:
        return "Ongeldig: Redirect URL"
    if not host or address.fragment or address.scheme not in ("http", "https"):
        return "Ongeldig: Redirect URL"
    if address.scheme == "http" and host not in LOOPBACK:
        return "De Redirect URL moet met https beginnen."
    return ""
