"""A treasurer with a browser, who walks to Exact Online and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from congressus_sync.models import User
from integrations.models import ExactOnlineConnection


@dataclass
class Browser:
    """Somebody logged in here, who follows the way to Exact Online by real HTTP and comes back with what Exact answered."""

    client: Client = field(default_factory=Client)

    def page(self, address: str, **headers: str) -> str:
        answer = self.client.get(address, headers=headers)
        assert answer.status_code == 200, answer
        return unescape(answer.content.decode())

    def press(self, name: str, *keys: Any, **data: Any) -> str:
        """Press a button that posts; the words of the page it leads to."""
        answer = self.client.post(reverse(name, args=keys), data, follow=True)
        assert answer.status_code == 200
        return unescape(answer.content.decode())

    def to_exact(self, connection: ExactOnlineConnection) -> str:
        """Choose Connect; the address at Exact."""
        answer = self.client.post(reverse("exact-online-connect", args=[connection.pk]))
        assert answer.status_code == 302
        return answer["Location"]

    def answer_at_exact(self, address: str, user: Any, answer: str = "allow") -> str:
        """Log in at Exact as this user and allow or deny; the address Exact sends the browser back to."""
        with requests.Session() as session:
            page = session.get(address, timeout=10)
            assert page.status_code == 200, page.text
            hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
            form = {name: unescape(value) for name, value in hidden.items() if name != "answer"}
            target = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}/api/oauth2/auth"
            data = form | {"user": user.username, "answer": answer}
            return session.post(target, data=data, allow_redirects=False, timeout=10).headers["Location"]

    def come_back(self, address: str) -> HttpResponse:
        """Open the address Exact sent us to; the answer itself, not where it leads."""
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}")

    def connect(self, connection: ExactOnlineConnection, user: Any, answer: str = "allow") -> str:
        """The whole way; the words of the page where it ends."""
        back = urlsplit(self.answer_at_exact(self.to_exact(connection), user, answer))
        page = self.client.get(f"{back.path}?{back.query}", follow=True)
        assert page.status_code == 200
        return unescape(page.content.decode())


@pytest.fixture
def treasurer(transactional_db: None) -> Browser:
    browser = Browser()
    browser.client.force_login(User.objects.create_superuser("penningmeester", password="a-long-password"))
    return browser


@pytest.fixture
def new_connection(treasurer: Browser) -> Callable[..., ExactOnlineConnection]:
    """Step 2 of the guide up to Connect: enter what Exact showed."""

    def add(api_key: Any, **other: str) -> ExactOnlineConnection:
        before = set(ExactOnlineConnection.objects.values_list("pk", flat=True))
        typed = {"client_id": api_key.client_id, "client_secret": api_key.client_secret, "site": "nl"} | other
        treasurer.press("exact-online-add", **typed)
        return ExactOnlineConnection.objects.exclude(pk__in=before).get()

    return add
