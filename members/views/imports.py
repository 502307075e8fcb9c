"""Uploading a file of members, and watching it go in.

Other pages send people here for members or statuses that lack; the way back (`?next=`) goes along until the file is in.
"""

from __future__ import annotations

import csv
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, FormView, View

from members.csv_files import COLUMNS
from members.forms import MemberImportForm
from members.models import Member, MemberImport, MemberStatus
from members.tasks import import_members

RECENT = 20
LABELS = {field.name: field.verbose_name for field in Member._meta.fields}
EXAMPLE = {
    "member_number": "1001",
    "status": "Member",
    "initials": "A.B.",
    "first_name": "Anna",
    "infix": "van",
    "last_name": "Voorbeeld",
    "organisation": "",
    "email": "anna@example.org",
    "phone": "06 12345678",
    "address": "Dorpsstraat 1",
    "postcode": "1234 AB",
    "city": "Voorbeeld",
    "country": "NL",
    "language": "nl",
    "iban": "NL91 ABNA 0417 1643 00",
    "bic": "",
}


class MemberImportUpload(PermissionRequiredMixin, RedirectURLMixin, FormView):
    permission_required = "members.import_member"
    form_class = MemberImportForm
    template_name = "members/import.html"

    def get_form(self, form_class: Any = None) -> MemberImportForm:
        form = super().get_form(form_class)
        if self.request.user.has_perm("members.add_memberstatus"):
            form.initial.setdefault("create_statuses", not MemberStatus.objects.exists())
        else:
            del form.fields["create_statuses"]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        imports = MemberImport.objects.select_related("uploaded_by").defer("content")[:RECENT]
        return super().get_context_data(
            columns=COLUMNS,
            imports=imports,
            some_from_congressus=Member.objects.filter(congressus_id__isnull=False).exists(),
            next=self.get_redirect_url(),
            **kwargs,
        )

    def form_valid(self, form: MemberImportForm) -> HttpResponse:
        with transaction.atomic():
            member_import = form.save(self.request.user.pk)
            # The broker may be away: beat finds what waits within a minute, so the page need not fail with it.
            transaction.on_commit(lambda: import_members.delay(member_import.pk), robust=True)
        messages.success(self.request, _("The file was received. Taking it in starts within a minute; you may leave this page."))
        back = self.get_redirect_url()
        return HttpResponseRedirect(member_import.get_absolute_url() + (f"?{urlencode({'next': back})}" if back else ""))


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class MemberImportProgress(PermissionRequiredMixin, RedirectURLMixin, DetailView):
    permission_required = "members.import_member"
    context_object_name = "member_import"

    def get_queryset(self) -> QuerySet[MemberImport]:
        return MemberImport.objects.select_related("uploaded_by").defer("content")

    def get_template_names(self) -> list[str]:
        return ["members/_import_state.html" if "HX-Request" in self.request.headers else "members/import_progress.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        remarks = self.object.report.get("remarks", [])
        labelled = [remark | {"label": LABELS.get(remark["column"], "")} for remark in remarks]
        return super().get_context_data(remarks=labelled, next=self.get_redirect_url(), **kwargs)


class MemberImportExample(PermissionRequiredMixin, View):
    permission_required = "members.import_member"

    def get(self, request: HttpRequest) -> HttpResponse:
        # The byte order mark is how a spreadsheet recognises UTF-8.
        response = HttpResponse(
            "\ufeff",
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="members.csv"'},
        )
        writer = csv.DictWriter(response, EXAMPLE, delimiter=";")
        writer.writeheader()
        writer.writerow(EXAMPLE)
        return response
