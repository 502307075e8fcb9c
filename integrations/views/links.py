"""What a person decides about one member in one connection.

The buttons stand on the member's page and on the connection's, and do the same on either; `next` says which of them to go back to.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from integrations import bell, connections
from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.link import RelationLinkQuerySet, SyncState
from members.models import Member


class _Decision(PermissionRequiredMixin, RedirectURLMixin, View):
    """Whatever there is to send then, is sent after commit."""

    http_method_names = ("post",)
    permission_required = "integrations.change_relationlink"

    def post(self, request: HttpRequest, pk: int, connection_pk: int) -> HttpResponse:
        self.member = get_object_or_404(Member, pk=pk)
        self.connection = get_object_or_404(ExactOnlineConnection.objects.live(), pk=connection_pk)
        with transaction.atomic():
            level, said = self.decide(RelationLink.objects.filter(connection=self.connection, member=self.member))
            transaction.on_commit(bell.ring, robust=True)
        messages.add_message(request, level, said % {"member": self.member.display_name, "connection": self.connection})
        return HttpResponseRedirect(self.get_redirect_url() or self.member.get_absolute_url())

    def decide(self, links: RelationLinkQuerySet) -> tuple[int, str]:
        """Write it, to one link or to none yet; returns the level and words of the message."""
        raise NotImplementedError


class SyncNow(_Decision):
    permission_required = "integrations.sync_exactonlineconnection"

    def decide(self, links: RelationLinkQuerySet) -> tuple[int, str]:
        links.try_again(timezone.now())
        with_state = links.with_state(self.connection.mapping_key)
        if with_state.filter(sync_state=SyncState.UP_TO_DATE).exists():  # type: ignore[misc]
            return messages.INFO, _("There is nothing to send: %(connection)s has the latest of %(member)s already.")
        if not self.connection.enabled or self.connection.attention:
            return messages.INFO, _("%(member)s is sent to %(connection)s as soon as that connection is enabled and works.")
        return messages.SUCCESS, _("%(member)s is sent to %(connection)s as soon as possible.")


class Link(_Decision):
    def decide(self, links: RelationLinkQuerySet) -> tuple[int, str]:
        link = get_object_or_404(links)
        if not connections.may_link(link) or not connections.link_to_relation(link):
            return messages.ERROR, _(
                "%(member)s was not linked: this was dealt with meanwhile, or the relation is another member's. Look once more below."
            )
        return messages.SUCCESS, _("%(member)s is linked to that relation, which now gets the data of this member.")


class LeaveOut(_Decision):
    def decide(self, links: RelationLinkQuerySet) -> tuple[int, str]:
        # Who was never sent may have no link to mark yet.
        RelationLink.objects.get_or_create(connection=self.connection, member=self.member)
        links.leave_out()
        return messages.SUCCESS, _(
            "%(member)s is left out of %(connection)s. What Exact Online has of this member stays as it is."
        )


class TakePart(_Decision):
    def decide(self, links: RelationLinkQuerySet) -> tuple[int, str]:
        links.take_part_again(timezone.now())
        return messages.SUCCESS, _("%(member)s takes part in %(connection)s again.")
