"""Financial administrations. Other pages send people here for one that lacks, so there is a way back (`?next=`).

Whoever links an administration to another system protects it by a foreign key; this floor knows no more of that than the refusal.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.db.models import ProtectedError
from django.forms import Form, ModelForm
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import CreateView, DeleteView, ListView, UpdateView
from django.views.generic.detail import SingleObjectTemplateResponseMixin
from django.views.generic.edit import ModelFormMixin

from finance.forms import FinancialAdministrationForm
from finance.models import FinancialAdministration


class FinancialAdministrations(PermissionRequiredMixin, ListView):
    permission_required = "finance.view_financialadministration"
    model = FinancialAdministration
    template_name = "finance/list.html"
    context_object_name = "administrations"


class _AdministrationForm(PermissionRequiredMixin, RedirectURLMixin, SingleObjectTemplateResponseMixin, ModelFormMixin):
    model = FinancialAdministration
    form_class = FinancialAdministrationForm
    template_name = "finance/form.html"
    context_object_name = "administration"
    next_page = "financial-administrations"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)

    def form_valid(self, form: ModelForm) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, _("The financial administration %(name)s was saved.") % {"name": form.instance.name})
        return response


class FinancialAdministrationNew(_AdministrationForm, CreateView):
    permission_required = "finance.add_financialadministration"


class FinancialAdministrationEdit(_AdministrationForm, UpdateView):
    permission_required = "finance.change_financialadministration"


class FinancialAdministrationDelete(PermissionRequiredMixin, DeleteView):
    permission_required = "finance.delete_financialadministration"
    model = FinancialAdministration
    template_name = "finance/delete.html"
    context_object_name = "administration"
    success_url = reverse_lazy("financial-administrations")

    def form_valid(self, form: Form) -> HttpResponse:
        name = self.object.name
        try:
            response = super().form_valid(form)
        except ProtectedError:
            messages.error(self.request, _still_used(name))
            return HttpResponseRedirect(self.get_success_url())
        messages.success(self.request, _("The financial administration %(name)s was deleted.") % {"name": name})
        return response


def _still_used(name: str) -> str:
    return _(
        "%(name)s was not deleted: a connection still uses it. Remove that connection first, or choose another for it there."
    ) % {"name": name}
