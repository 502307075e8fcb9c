"""An Exact Online with one user, one API key and two divisions, and a plain HTTP client to talk to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from integrations.exact_online.simulator import Simulator

DIVISION, OTHER = 1000001, 1000002
REDIRECT = "https://leden.example/callback"


class Bench:
    """`sim` is the world; `get`, `post`, `put`, `delete` are calls of a consented client on crm/Accounts."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        sim.add_division(DIVISION, "Vereniging")
        sim.add_division(OTHER, "Stichting")
        self.user = sim.add_user("treasurer", "The treasurer")
        self.app = sim.add_app("Members", REDIRECT)
        self.session = requests.Session()
        self.login()

    def login(self, user: str = "treasurer") -> dict[str, str]:
        pair = self.sim.consent(user, self.app)
        self.session.headers.update({"Authorization": f"Bearer {pair['access_token']}", "Accept": "application/json"})
        return pair

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.sim.base_url}/api/v1/{path}", timeout=10, allow_redirects=False, **kwargs)

    def get(self, key: str = "", division: int = DIVISION, **options: str) -> requests.Response:
        params = {f"${name}": value for name, value in options.items()}
        return self.call("GET", f"{division}/crm/Accounts{key}", params=params)

    def post(self, division: int = DIVISION, *, whole: bool = True, **values: Any) -> requests.Response:
        headers = {"Prefer": "return=representation"} if whole else {}
        return self.call("POST", f"{division}/crm/Accounts", json=values, headers=headers)

    def put(self, guid: str, division: int = DIVISION, **values: Any) -> requests.Response:
        return self.call("PUT", f"{division}/crm/Accounts(guid'{guid}')", json=values)

    def delete(self, guid: str) -> requests.Response:
        return self.call("DELETE", f"{DIVISION}/crm/Accounts(guid'{guid}')")

    def token(self, **form: str) -> requests.Response:
        credentials = {"client_id": self.app.client_id, "client_secret": self.app.client_secret}
        return requests.post(f"{self.sim.base_url}/api/oauth2/token", data=credentials | form, timeout=10)

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)


def said(response: requests.Response) -> str:
    """Exact's own sentence in an error."""
    return str(response.json()["error"]["message"]["value"])


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
