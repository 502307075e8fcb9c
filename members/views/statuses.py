"""Member statuses. Other pages send people here for one that lacks, so there is a way back (`?next=`)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.generic import CreateView, ListView, UpdateView
from django.views.generic.detail import SingleObjectTemplateResponseMixin
from django.views.generic.edit import ModelFormMixin

from members.forms import MemberStatusForm
from members.models import MemberStatus


class MemberStatuses(PermissionRequiredMixin, ListView):
    permission_required = "members.view_memberstatus"
    template_name = "members/statuses.html"
    context_object_name = "statuses"

    def get_queryset(self) -> QuerySet[MemberStatus]:
        return MemberStatus.objects.annotate(member_count=Count("members")).order_by("name")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(some_from_congressus=any(each.is_from_congressus for each in self.object_list), **kwargs)


class _StatusForm(PermissionRequiredMixin, RedirectURLMixin, SingleObjectTemplateResponseMixin, ModelFormMixin):
    model = MemberStatus
    form_class = MemberStatusForm
    template_name = "members/status_form.html"
    next_page = "member-statuses"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)

    def form_valid(self, form: ModelForm) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, _("The member status %(name)s was saved.") % {"name": form.instance.name})
        return response


class MemberStatusNew(_StatusForm, CreateView):
    permission_required = "members.add_memberstatus"


class MemberStatusEdit(_StatusForm, UpdateView):
    permission_required = "members.change_memberstatus"
    context_object_name = "status"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One that Congressus keeps is shown, whatever is sent: saved here it would be taken over from there again."""
        is_ours = not self.get_object().is_from_congressus
        return super().post(request, *args, **kwargs) if is_ours else self.get(request, *args, **kwargs)
