"""The overview: one glance says whether everything is in Exact Online, and if not, what is needed of whom.

Before anything is there it is a list of what to do first, in the order in which each step needs the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers
from django.views.generic import TemplateView

from finance.models import FinancialAdministration
from integrations import standing, waiting
from integrations.inflow import Inflow
from integrations.models import CongressusConnection, ExactOnlineConnection
from integrations.models.connection import State
from integrations.models.link import SyncState
from members.models import Member

LOOK_AGAIN = 5


@dataclass(frozen=True)
class Count:
    """How many members are in a state, and the colour that deserves."""

    state: SyncState
    number: int

    @property
    def badge(self) -> str:
        return self.state.badge if self.number and self.state != SyncState.LEFT_OUT else ""


@dataclass(frozen=True)
class Card:
    """What the overview says of one connection."""

    connection: ExactOnlineConnection
    now: datetime

    @cached_property
    def state(self) -> State:
        return self.connection.state

    @cached_property
    def counts(self) -> list[Count]:
        numbers = standing.counts(self.connection)
        return [Count(state, numbers[state]) for state in SyncState]

    @property
    def needed(self) -> str:
        """What a person has to do before anything is sent; "" where nothing is lacking."""
        match self.state:
            case State.DISCONNECTED:
                return _("There is no consent from Exact Online. Open the connection and choose Connect.")
            case State.CONNECTED:
                return _("Open the connection and choose the administration and the member statuses.")
            case State.READY:
                return _("Nothing has been sent yet. Open the connection and choose Actions > Enable.")
            case State.DISABLED:
                return _("Nothing is sent while the connection is disabled. Actions > Enable catches up.")
        return ""

    @property
    def pause(self) -> str:
        """Why nothing goes out just now, though nobody has to do anything."""
        resting = waiting.rest(self.connection, self.now, by_person=False) if self.is_working else None
        if resting is None:
            return ""
        return _("Goes on at %(time)s. %(reason)s") % {"time": waiting.clock(resting[0], self.now), "reason": resting[1]}

    @property
    def is_working(self) -> bool:
        return self.connection.enabled and not self.connection.attention

    @property
    def moves(self) -> bool:
        return self.is_working and any(count.number for count in self.counts if count.state == SyncState.WAITING)


@dataclass(frozen=True)
class FirstSteps:
    congressus: bool
    members: bool
    books: bool
    connection: bool

    @property
    def done(self) -> bool:
        return self.members and self.books and self.connection


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Home(PermissionRequiredMixin, TemplateView):
    """Asked by htmx it is only the cards."""

    permission_required = "members.view_member"

    def get_template_names(self) -> list[str]:
        return ["_overview.html" if "HX-Request" in self.request.headers else "home.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = ExactOnlineConnection.objects.live().select_related("financial_administration")
        cards = [Card(connection, timezone.now()) for connection in live.prefetch_related("statuses")]
        congressus = CongressusConnection.objects.first()
        inflow = Inflow(congressus, timezone.now()) if congressus else None
        return super().get_context_data(
            cards=cards,
            inflow=inflow,
            steps=FirstSteps(
                congressus=congressus is not None,
                members=Member.objects.exists(),
                books=FinancialAdministration.objects.exists(),
                connection=bool(cards),
            ),
            look_again=LOOK_AGAIN if any(card.moves for card in cards) or (inflow and inflow.moves) else None,
            **kwargs,
        )
