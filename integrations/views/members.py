"""The members and where each of them stands in Exact Online; changing what a member is, is the business of the floor below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, ListView
from django_countries import countries

from integrations import connections, problems, standing, waiting
from integrations.exact_online import hosts
from integrations.filters import ORDERS, MemberFilter
from integrations.models import PushAttempt
from integrations.models.link import ASKING, SyncState
from members.cleaning import language_name
from members.masking import mask_iban
from members.models import Member

HISTORY = 20


class Members(PermissionRequiredMixin, ListView):
    permission_required = "members.view_member"
    template_name = "members/list.html"
    paginate_by = 100

    def get_queryset(self) -> QuerySet[Member]:
        self.connections = standing.shown_connections()
        members = Member.objects.select_related("status").order_by(*ORDERS["name"])
        self.filter = MemberFilter(self.request.GET, queryset=members, connections=self.connections)
        return self.filter.qs

    def paginate_queryset(self, queryset: Any, page_size: int) -> tuple[Paginator, Page, Any, bool]:
        """A link to a page that no longer exists shows the last one: members come and go."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get("page"))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        page = context["page_obj"]
        members = list(page)
        standings = standing.of_members(members, self.connections)
        return context | {
            "filter": self.filter,
            "sort": self.filter.form.cleaned_data.get("sort") or "name",
            "connections": self.connections,
            "several": len(self.connections) > 1,
            "rows": [(member, _telling(standings.get(member.pk, []))) for member in members],
            "pages": context["paginator"].get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "nobody_yet": not members and not Member.objects.exists(),
        }


def _telling(standings: list[standing.Standing]) -> list[standing.Standing]:
    """Of several connections only those a member takes part in; where there is none, that is said once."""
    return [found for found in standings if found.state] or standings[:1]


@dataclass(frozen=True)
class Line:
    """What a member's page says of one connection."""

    standing: standing.Standing
    now: datetime

    @cached_property
    def wait(self) -> waiting.Wait | None:
        return waiting.wait(self.standing, self.now) if self.standing.state == SyncState.WAITING else None

    @property
    def problem(self) -> problems.LinkProblem | None:
        """What waits for a person, or what a person chose not to send."""
        link, state = self.standing.link, self.standing.state
        if link is None or not link.reason or link.left_out:
            return None
        return problems.LinkProblem(link.reason) if state in (SyncState.NEEDS_ATTENTION, SyncState.LEFT_OUT) else None

    @property
    def is_held(self) -> bool:
        """Nothing is wrong with the member: it waits for a word."""
        return bool(self.standing.link and self.standing.link.held in ASKING)

    @property
    def is_to_be_decided(self) -> bool:
        return self.problem == problems.LinkProblem.TO_BE_DECIDED

    @property
    def problem_sentence(self) -> str:
        return self.problem.sentence(self.standing.link.problem_details) if self.problem and self.standing.link else ""

    @property
    def warnings(self) -> list[str]:
        link = self.standing.link
        return [problems.warning_sentence(**warning) for warning in link.warnings] if link and self.standing.state else []

    @property
    def relation_url(self) -> str:
        """The relation in Exact, for people: the member's own, or the one that has his code. "" where there is none."""
        connection, link = self.standing.connection, self.standing.link
        guid = link and (link.guid or (self.problem and link.problem_details.get("guid")))
        if not (guid and connection.app and connection.division):
            return ""
        return hosts.relation_url(connection.app.base_url(), connection.division, str(guid))

    @property
    def may_link(self) -> bool:
        """It is for a person to say whether the relation that has this member's code is this member."""
        link = self.standing.link
        return bool(self.problem and link and not self.is_held and connections.may_link(link))

    @property
    def may_sync(self) -> bool:
        """There is something to ring for; what is parked has a button of its own."""
        connection, state = self.standing.connection, self.standing.state
        return connection.enabled and not connection.attention and state in (SyncState.WAITING, SyncState.UP_TO_DATE)


@dataclass(frozen=True)
class Entry:
    """One line of the history, in words. `changes`: our word for a field, what it was (None: not known), what was sent."""

    attempt: PushAttempt

    @property
    def outcome(self) -> PushAttempt.Outcome:
        return PushAttempt.Outcome(self.attempt.outcome)

    @property
    def changes(self) -> Iterator[tuple[str, str | None, str]]:
        for field, (old, new) in self.attempt.changes.items():
            yield problems.field_label(field), old, new


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class MemberPage(PermissionRequiredMixin, DetailView):
    """Asked by htmx it is only the part that moves: how the member stands, and the history."""

    permission_required = "members.view_member"
    context_object_name = "member"
    queryset = Member.objects.select_related("status", "changed_by")

    def get_template_names(self) -> list[str]:
        return ["members/_moving.html" if "HX-Request" in self.request.headers else "members/detail.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        member, now = self.object, timezone.now()
        standings = standing.of_members([member], standing.shown_connections()).get(member.pk, [])
        lines = [Line(found, now) for found in standings]
        attempts = member.push_attempts.select_related("connection__financial_administration")[:HISTORY]
        return super().get_context_data(
            lines=lines,
            look_again=min((line.wait.look_again for line in lines if line.wait and line.wait.look_again), default=None),
            history=[Entry(attempt) for attempt in attempts],
            country=countries.name(member.country) or member.country,
            iban=mask_iban(member.iban),
            language_name=language_name(member.language),
            **kwargs,
        )
