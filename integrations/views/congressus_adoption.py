"""Members kept here who may be members in Congressus: the two names side by side, and whose they are from then on."""

from __future__ import annotations

import re
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import View

from integrations.arrivals import adoption
from integrations.views.congressus import only

LISTED = 100
# More digits are no number that a database can hold.
PAIR = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


class Adopt(PermissionRequiredMixin, View):
    permission_required = "integrations.change_congressusconnection"

    def get(self, request: HttpRequest) -> HttpResponse:
        page = self._page()
        pages = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
        context = {"connection": only(), "page_obj": page, "pages": pages, "offers": page.object_list}
        return render(request, "integrations/congressus/adopt.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """`choice` is take_over, keep_apart or ask_again, of each `pair` that is ticked; or take_over_same, of all."""
        connection = only()
        level, said = self._decide(request.POST.get("choice", ""), _pairs(request.POST.getlist("pair")))
        messages.add_message(request, level, said)
        return redirect("congressus-adopt") if adoption.count() else redirect(connection)

    def _page(self) -> Page:
        page = Paginator(adoption.offers(), LISTED).get_page(self.request.GET.get("page"))
        page.object_list = cast(Any, adoption.preview(page.object_list))
        return page

    def _decide(self, choice: str, pairs: list[adoption.Pair]) -> tuple[int, str]:
        if choice == "take_over_same":
            return _taken_over(adoption.adopt_all_that_look_same())
        ids = [congressus_id for congressus_id, _member in pairs]
        if not ids:
            return messages.INFO, _("Nothing was done, for no member was selected.")
        match choice:
            case "take_over":
                return _taken_over(adoption.adopt(pairs))
            case "keep_apart":
                count = adoption.keep_apart(ids)
                said = ngettext(
                    "%(count)s member stays kept here; the one in Congressus does not come in.",
                    "%(count)s members stay kept here; those in Congressus do not come in.",
                    count,
                )
                return messages.SUCCESS, said % {"count": count}
            case "ask_again":
                asked = sum(adoption.ask_again(pk) for pk in ids)
                return (messages.SUCCESS, _("It is asked once more.")) if asked else (messages.INFO, _("It was asked already."))
        return messages.ERROR, _("Nothing was done. Choose “Take over the selected” or “Keep apart”.")


def _taken_over(count: int) -> tuple[int, str]:
    said = ngettext(
        "%(count)s member is kept in Congressus from now on.",
        "%(count)s members are kept in Congressus from now on.",
        count,
    )
    return messages.SUCCESS, said % {"count": count}


def _pairs(typed: list[str]) -> list[adoption.Pair]:
    """Those that can be a number of Congressus and the key of a member, as they stood in one row."""
    found = [PAIR.fullmatch(one) for one in typed]
    return [(int(pair[1]), int(pair[2])) for pair in found if pair]
