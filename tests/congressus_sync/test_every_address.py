"""Every address there is: who may come in is decided by the view itself, and who is not logged in is asked to.

The addresses are read from the URL configuration, so one that is added tomorrow is asked the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.people import make_user

# Open to all: logging in and out, "are you alive?", where Congressus calls with secrets of its own, and the pages of allauth that ask for
# a login themselves.
OPEN = {"account_login", "account_logout", "account_inactive", "health", "congressus-webhook"}
OF_ONESELF = {"account_change_password", "account_reauthenticate"}


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern)
        else:
            yield pattern


ALL = {pattern.name: pattern for pattern in patterns()}
GUARDED = sorted(ALL.keys() - OPEN - OF_ONESELF)


def address(name: str) -> str:
    return reverse(name, kwargs=dict.fromkeys(ALL[name].pattern.converters, 1))


def test_every_address_has_a_name_of_its_own_and_the_open_ones_are_there() -> None:
    assert len(ALL) == len(list(patterns()))
    assert all(ALL)
    assert ALL.keys() >= OPEN | OF_ONESELF


@pytest.mark.parametrize("name", GUARDED)
def test_the_view_names_the_permission_it_asks_for(name: str) -> None:
    view: Any = ALL[name].callback

    assert view.view_class.permission_required


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*GUARDED, *sorted(OF_ONESELF)])
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_who_is_not_logged_in_is_asked_to(client: Client, name: str, method: str) -> None:
    answer = getattr(client, method)(address(name))

    assert answer.status_code == 302
    assert answer["Location"].partition("?")[0] == reverse(settings.LOGIN_URL)


@pytest.mark.django_db
@pytest.mark.parametrize("name", GUARDED)
def test_who_may_nothing_comes_in_nowhere(client: Client, name: str) -> None:
    client.force_login(make_user("nobody"))

    assert [getattr(client, method)(address(name)).status_code for method in ("get", "post")] == [403, 403]
