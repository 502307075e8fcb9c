"""New members and changed ones."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.generic import CreateView, UpdateView

from members.forms import MemberForm
from members.models import ChangedVia, Member, MemberStatus


class MemberNew(PermissionRequiredMixin, CreateView):
    permission_required = "members.add_member"
    model = Member
    form_class = MemberForm
    template_name = "members/form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(has_statuses=MemberStatus.objects.exists(), **kwargs)

    def form_valid(self, form: ModelForm) -> HttpResponse:
        form.instance.changed_via = ChangedVia.PERSON
        form.instance.changed_by_id = self.request.user.pk
        response = super().form_valid(form)
        messages.success(self.request, _("%(member)s was added.") % {"member": form.instance.display_name})
        return response


class MemberEdit(PermissionRequiredMixin, UpdateView):
    permission_required = "members.change_member"
    model = Member
    form_class = MemberForm
    template_name = "members/form.html"
    context_object_name = "member"

    def get_queryset(self) -> QuerySet[Member]:
        members = Member.objects.all()
        return members.select_for_update() if self.request.method == "POST" else members

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Between reading the revision and writing, nobody else writes.
        with transaction.atomic():
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: ModelForm) -> HttpResponse:
        if cast(MemberForm, form).save_changes(self.request.user.pk):
            messages.success(self.request, _("%(member)s was saved.") % {"member": form.instance.display_name})
        else:
            messages.info(self.request, _("Nothing was changed."))
        return HttpResponseRedirect(form.instance.get_absolute_url())
