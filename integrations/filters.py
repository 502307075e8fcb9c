"""Finding members. Several words may each match elsewhere, because people type "jan vries" or a name and half an address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Length, Lower, NullIf
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter

from integrations import standing
from integrations.models import ExactOnlineConnection
from members.models import Member, MemberStatus

SEARCHED = ("member_number", "initials", "first_name", "infix", "last_name", "organisation", "email")
# An organisation goes by its own name, as it does in the list; numbers are text, so the shorter one is the smaller.
BY_NAME = Coalesce(NullIf(Lower("organisation"), Value("")), Lower("last_name"))
ORDERS = {
    "name": (BY_NAME.asc(), Lower("first_name"), "member_number"),
    "-name": (BY_NAME.desc(), Lower("first_name").desc(), "-member_number"),
    "number": (Length("member_number"), "member_number"),
    "-number": (Length("member_number").desc(), "-member_number"),
    "-changed": (F("changed_at").desc(), "-pk"),
}


class MemberFilter(FilterSet):
    q = CharFilter(
        method="search",
        label=_("Search"),
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, number or e-mail"), "autocomplete": "off"}),
    )
    status = ModelChoiceFilter(queryset=MemberStatus.objects.all(), label=_("Member status"), empty_label=_("all"))
    connection = ModelChoiceFilter(
        queryset=ExactOnlineConnection.objects.live().select_related("financial_administration"),
        method="taking_part",
        label=_("Connection"),
        empty_label=_("all"),
    )
    state = ChoiceFilter(choices=standing.STATES, method="in_state", label=_("Exact Online"), empty_label=_("all"))
    sort = ChoiceFilter(
        choices=[(order, order) for order in ORDERS], method="sorted_by", label="", empty_label=None, widget=forms.HiddenInput
    )

    class Meta:
        model = Member
        fields = ()

    def __init__(self, data: Any, *, connections: Sequence[ExactOnlineConnection], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.connections = connections
        # What has one answer is no question.
        if len(connections) < 2:
            del self.filters["connection"]
        if not connections:
            del self.filters["state"]

    @property
    def narrows(self) -> bool:
        """Something was asked for, beyond an order."""
        return any(value for name, value in self.form.cleaned_data.items() if name != "sort") or not self.form.is_valid()

    def search(self, members: QuerySet[Member], name: str, typed: str) -> QuerySet[Member]:
        for word in typed.split():
            somewhere = Q()
            for field in SEARCHED:
                somewhere |= Q(**{f"{field}__icontains": word})
            members = members.filter(somewhere)
        return members

    def taking_part(self, members: QuerySet[Member], name: str, connection: ExactOnlineConnection) -> QuerySet[Member]:
        """With a state it only says in which connection; alone, that the member takes part there."""
        return members if self.form.cleaned_data.get("state") else members.filter(standing.taking_part(connection))

    def in_state(self, members: QuerySet[Member], name: str, state: str) -> QuerySet[Member]:
        chosen = self.form.cleaned_data.get("connection")
        return members.filter(standing.in_state([chosen] if chosen else self.connections, state))

    def sorted_by(self, members: QuerySet[Member], name: str, order: str) -> QuerySet[Member]:
        return members.order_by(*ORDERS[order])
