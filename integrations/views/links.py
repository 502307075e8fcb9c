"""Buttons beside one member on a connection's page: what to do about a member who waits for a person."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from integrations import bell, connections
from integrations.models import ExactOnlineConnection, RelationLink


class _Decision(PermissionRequiredMixin, View):
    """Whatever there is to send then, is sent after commit; back to the connection's page."""

    http_method_names = ("post",)
    permission_required = "integrations.change_relationlink"

    def post(self, request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
        connection = get_object_or_404(ExactOnlineConnection.objects.live(), pk=pk)
        link = get_object_or_404(connection.links.select_related("member"), pk=link_pk)
        with transaction.atomic():
            level, said = self.decide(link, RelationLink.objects.filter(pk=link.pk))
            transaction.on_commit(bell.ring, robust=True)
        messages.add_message(request, level, said % {"member": link.member.display_name})
        return redirect(connection)

    def decide(self, link: RelationLink, links: QuerySet[RelationLink]) -> tuple[int, str]:
        """Write it; returns the level and words of the message."""
        raise NotImplementedError


class TryAgain(_Decision):
    permission_required = "integrations.sync_exactonlineconnection"

    def decide(self, link: RelationLink, links: QuerySet[RelationLink]) -> tuple[int, str]:
        links.try_again(timezone.now())  # type: ignore[attr-defined]
        return messages.SUCCESS, _("%(member)s is sent once more.")


class Link(_Decision):
    def decide(self, link: RelationLink, links: QuerySet[RelationLink]) -> tuple[int, str]:
        if not connections.may_link(link) or not connections.link_to_relation(link):
            return messages.ERROR, _(
                "%(member)s was not linked: this was dealt with meanwhile, or the relation is another member's. Look once more below."
            )
        return messages.SUCCESS, _("%(member)s is linked to that relation, which now gets the data of this member.")


class LeaveOut(_Decision):
    def decide(self, link: RelationLink, links: QuerySet[RelationLink]) -> tuple[int, str]:
        links.leave_out()  # type: ignore[attr-defined]
        return messages.SUCCESS, _("%(member)s is left out. What Exact Online has of this member stays as it is.")


class TakePart(_Decision):
    def decide(self, link: RelationLink, links: QuerySet[RelationLink]) -> tuple[int, str]:
        links.take_part_again()  # type: ignore[attr-defined]
        return messages.SUCCESS, _("%(member)s takes part again.")
