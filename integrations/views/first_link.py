"""The match table: what comparing found of each member, and what people decide about it.

With htmx a decision swaps its row and the counts; without, it goes back to the same rows with a message. `next` says which rows those are,
so that the links among the counts keep what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, View

from integrations import connections, findings, first_link, mirror
from integrations.connections import Lacking
from integrations.findings import Finding
from integrations.first_link import Choice, Refused
from integrations.models import ExactOnlineConnection, Mirror, MirroredRelation, RelationLink, SyncRun
from integrations.models.match import CONFIRMABLE
from integrations.narrowing import Narrowing, chips

ROWS = 50
FOUND = 20
# Of many refusals the first ones tell the tale.
TOLD = 5

_DONE = {
    Choice.LINK: lambda: _("%(member)s is linked to %(relation)s."),
    Choice.CREATE: lambda: _("A new relation will be created for %(member)s."),
    Choice.LEAVE_OUT: lambda: _("%(member)s is left out."),
    Choice.UNDO: lambda: _("The decision about %(member)s was undone."),
}


class MatchTable(PermissionRequiredMixin, DetailView):
    permission_required = "integrations.view_exactonlineconnection"
    template_name = "integrations/exact_online/match.html"
    context_object_name = "connection"

    def get_queryset(self) -> Any:
        return ExactOnlineConnection.objects.live().select_related("financial_administration", "app", "token")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        connection: ExactOnlineConnection = self.object
        context = super().get_context_data(**kwargs) | {
            "mirror": Mirror.objects.filter(connection=connection, compared_at__isnull=False).first(),
            "run": SyncRun.objects.going().filter(connection=connection).first(),
            "address": reverse("exact-online-match", args=[connection.pk]),
        }
        if context["mirror"] is None:
            return context | {"lacks": set(connections.lacking(connection)) - {Lacking.FINANCIAL_ADMINISTRATION}}
        narrowing = Narrowing.asked(self.request.GET)
        page = Paginator(narrowing.rows(connection), ROWS).get_page(self.request.GET.get("page"))
        rows = findings.of_links(connection, page.object_list, timezone.localdate())
        return context | _summary(connection, narrowing) | _paged(page) | {"rows": rows, "back": self.request.get_full_path()}


def _paged(page: Page) -> dict[str, Any]:
    return {"page_obj": page, "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)}


def _summary(connection: ExactOnlineConnection, narrowing: Narrowing) -> dict[str, Any]:
    """What stands above the table, and changes with every decision."""
    counts, waiting = first_link.counts(connection), first_link.open_counts(connection)
    table = first_link.table(connection)
    # As `confirm` takes them: what somebody took back is not linked with the others.
    certain = first_link.undecided(connection).filter(match__decided_at__isnull=True)
    return {
        "narrowing": narrowing,
        "chips": chips(narrowing, counts, waiting),
        "open": sum(waiting.values()),
        "certain": certain.filter(match__verdict__in=CONFIRMABLE).count(),
        "may_undo_all": table.filter(match__decided_at__isnull=False).exists() and not first_link.was_pushed(connection),
    }


# Deciding -----------------------------------------------------------------------------------------------------------------


class _OfConnection(PermissionRequiredMixin, RedirectURLMixin, View):
    """Something people do in the match table of one connection; `back` is where they did it."""

    permission_required = "integrations.change_relationlink"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.has_permission():
            live = ExactOnlineConnection.objects.live().select_related("financial_administration", "app")
            self.connection: ExactOnlineConnection = get_object_or_404(live, pk=kwargs["pk"])
            self.back = self.get_redirect_url() or reverse("exact-online-match", args=[self.connection.pk])
        return super().dispatch(request, *args, **kwargs)

    def link(self) -> RelationLink:
        link: RelationLink = get_object_or_404(first_link.table(self.connection), pk=self.kwargs["link_pk"])
        link.connection = self.connection
        return link

    def leave(self, level: int, said: str) -> HttpResponse:
        messages.add_message(self.request, level, said)
        return HttpResponseRedirect(self.back)


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Decide(_OfConnection):
    """One decision. Asked by htmx it answers with the row as it is now, and the counts beside it."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
        link = self.link()
        # The buttons of relations say which one, and need not say what for.
        choice = _choice(request, default=Choice.LINK.value if request.POST.get("guid") else "")
        if choice == Choice.LINK:
            mirror.refresh(self.connection)
        try:
            link = first_link.decide(
                link.pk, choice, request.user.pk, seen=request.POST.get("seen"), guid=request.POST.get("guid", "")
            )
            refused = ""
        except Refused as why:
            link, refused = self.link(), why.sentence
        if "HX-Request" in request.headers:
            return self._row(link, choice, refused)
        self.back = f"{self.back}#row-{link.pk}"
        return self.leave(messages.WARNING, refused) if refused else self.leave(messages.SUCCESS, _done(link, choice))

    def _row(self, link: RelationLink, choice: Choice, refused: str) -> HttpResponse:
        narrowing = Narrowing.asked(QueryDict(urlsplit(self.back).query).dict())
        [row] = findings.of_links(self.connection, [link], timezone.localdate())
        context = _summary(self.connection, narrowing) | {
            "connection": self.connection,
            "address": reverse("exact-online-match", args=[self.connection.pk]),
            "back": self.back,
            "row": row,
            "refused": refused,
            "said": "" if refused else _done(link, choice),
        }
        return render(self.request, "integrations/exact_online/_match_decided.html", context)


class DecideMany(_OfConnection):
    """One decision about those that were ticked. Linking goes to the relation that is certain; the doubtful need a choice of their own."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticked = self._ticked()
        if not ticked:
            return self.leave(messages.INFO, _("No member was selected, so nothing was decided."))
        choice = _choice(request)
        return self._link(ticked) if choice == Choice.LINK else self._decide(ticked, choice)

    def _ticked(self) -> dict[int, str]:
        """Link -> the version that was seen; each came as "12.9f3a"."""
        seen = dict(value.split(".", 1) for value in self.request.POST.getlist("link") if value.count(".") == 1)
        pks = [int(pk) for pk in seen if pk.isascii() and pk.isdigit()]
        there = first_link.table(self.connection).filter(pk__in=pks).order_by("pk")
        return {pk: seen[str(pk)] for pk in there.values_list("pk", flat=True)}

    def _link(self, ticked: dict[int, str]) -> HttpResponse:
        mirror.refresh(self.connection)
        linked = first_link.confirm(self.connection, self.request.user.pk, ticked)
        others = len(ticked) - linked
        if not others:
            return self.leave(messages.SUCCESS, _linked(linked))
        said = ngettext(
            "%(count)s was not: only who is certain, and still open, is linked this way.",
            "%(count)s were not: only those who are certain, and still open, are linked this way.",
            others,
        )
        return self.leave(messages.WARNING, f"{_linked(linked)} {said % {'count': others}}")

    def _decide(self, ticked: dict[int, str], choice: Choice) -> HttpResponse:
        refusals = []
        for pk, seen in ticked.items():
            try:
                first_link.decide(pk, choice, self.request.user.pk, seen=seen)
            except Refused as why:
                refusals.append(why.sentence)
        done = len(ticked) - len(refusals)
        said = ngettext("Applied to %(count)s member.", "Applied to %(count)s members.", done) % {"count": done}
        if not refusals:
            return self.leave(messages.SUCCESS, said)
        return self.leave(messages.WARNING, " ".join([said, *_told(refusals)]))


class Confirm(_OfConnection):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        mirror.refresh(self.connection)
        linked = first_link.confirm(self.connection, request.user.pk)
        if not linked:
            return self.leave(messages.INFO, _("Nobody was linked: nobody who is certain is still open."))
        return self.leave(messages.SUCCESS, _linked(linked))


class UndoAll(_OfConnection):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            undone = first_link.undo_all(self.connection)
        except Refused as why:
            return self.leave(messages.ERROR, why.sentence)
        said = ngettext(
            "%(count)s decision was undone. In Exact Online nothing changed.",
            "%(count)s decisions were undone. In Exact Online nothing changed.",
            undone,
        )
        return self.leave(messages.SUCCESS, said % {"count": undone})


def _choice(request: HttpRequest, default: str = "") -> Choice:
    """What the pressed button stands for. Raises Http404 for what no button of ours says."""
    asked = request.POST.get("choice", default)
    if asked not in Choice.values:
        raise Http404
    return Choice(asked)


def _done(link: RelationLink, choice: Choice) -> str:
    relation = f"{link.confirmed.get('Name', '')} ({link.code})"
    return _DONE[choice]() % {"member": link.member.display_name, "relation": relation}


def _linked(count: int) -> str:
    return ngettext("%(count)s member was linked.", "%(count)s members were linked.", count) % {"count": count}


def _told(refusals: list[str]) -> Iterable[str]:
    yield from refusals[:TOLD]
    more = len(refusals) - TOLD
    if more > 0:
        yield ngettext("And %(count)s other was refused too.", "And %(count)s others were refused too.", more) % {"count": more}


# Another relation ---------------------------------------------------------------------------------------------------------


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Relations(_OfConnection):
    """Looking for another relation for one member: in a dialog over the table, or without JavaScript on a page of its own."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest, pk: int, link_pk: int) -> HttpResponse:
        link, today = self.link(), timezone.localdate()
        member = link.member
        typed = request.GET.get("q", member.organisation or member.last_name).strip()[:100]
        found = list(MirroredRelation.objects.of(self.connection).search(typed).order_by("name", "code")[: FOUND + 1])
        in_dialog = "HX-Request" in request.headers
        context = {
            "connection": self.connection,
            "row": Finding(link, today, {}, {}),
            "typed": typed,
            "relations": findings.of_relations(link, found[:FOUND], today),
            "has_more": len(found) > FOUND,
            "back": self.back,
            "in_dialog": in_dialog,
        }
        part = "_relations" if in_dialog else "match_relations"
        return render(request, f"integrations/exact_online/{part}.html", context)
