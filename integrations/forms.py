"""Forms of the connection pages. A secret goes in and never comes out: it is in no initial value, and typed again after an error."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from finance.models import FinancialAdministration
from integrations import connections
from integrations.administrations import Administration, Listing
from integrations.mapping import MAX_CODE
from integrations.models import ExactOnlineConnection
from integrations.models.app import Site
from integrations.saved_meanwhile import SavedMeanwhile
from members.models import MemberStatus

CREDENTIAL = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class CredentialField(forms.CharField):
    """Something copied from a page of Exact: the blanks that came along at its ends are not part of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=kwargs.pop("max_length", 100), **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if text and not (text.isascii() and text.isprintable() and " " not in text):
            raise ValidationError(
                _("There is a blank or another odd character in it, which Exact Online never uses here. Copy it once more.")
            )
        return text


class _Credentials(forms.Form):
    client_id = CredentialField(label=gettext_lazy("Client ID"), widget=forms.TextInput(attrs=CREDENTIAL))
    client_secret = CredentialField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        # "new-password": a browser must not fill in what opens this application.
        widget=forms.PasswordInput(attrs=CREDENTIAL | {"autocomplete": "new-password"}),
    )
    site = forms.ChoiceField(label=gettext_lazy("Exact Online site"), choices=Site.choices, initial=Site.NL)

    def check_credentials(self, mine: ExactOnlineConnection | None = None) -> None:
        """Adds what speaks against storing these to the fields they concern."""
        typed = {name: self.cleaned_data.get(name) for name in ("site", "client_id", "client_secret")}
        if not typed["site"] or not typed["client_id"] or "client_secret" in self.errors:
            return
        if typed["client_id"] == typed["client_secret"]:
            self.add_error("client_secret", _("This is the Client ID once more. The Client secret stands below it (Tonen)."))
            return
        try:
            connections.check_secret(typed["site"], typed["client_id"], typed["client_secret"] or "", mine)
        except connections.SecretLacking:
            self.add_error("client_secret", _("With a new Client ID comes its own Client secret. Enter it too."))
        except connections.OtherSecret as other:
            self.add_error("client_secret", _in_use_with_another_secret(other.connection))


def _in_use_with_another_secret(connection: ExactOnlineConnection) -> str:
    return _(
        "The connection “%(connection)s” uses the same Client ID with another Client secret, and would stop working if this one is wrong. "
        "Copy the secret once more. Did Exact Online give a new one? Then enter it at that connection first (Actions > Edit)."
    ) % {"connection": connection}


class AddForm(_Credentials):
    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_credentials()
        return self.cleaned_data


# Settings -----------------------------------------------------------------------------------------------------------------


class StatusesField(forms.ModelMultipleChoiceField):
    """Every status with its kind and how many members have it; for one that is sent now, what unchecking it means."""

    def label_from_instance(self, status: Any) -> str:
        told = ngettext("%(kind)s, %(count)s member", "%(kind)s, %(count)s members", status.member_count)
        told %= {"kind": status.get_kind_display(), "count": status.member_count}
        if status.gone_at:
            told = f"{told}, {_('removed in Congressus')}"
        return format_html('{}<span class="muted small">{}</span>{}', status.name, told, self._farewell(status))

    def _farewell(self, status: Any) -> str:
        if not status.linked_count:
            return ""
        sentence = ngettext(
            "%(count)s member is then no longer updated in Exact Online; the relation stays as it is.",
            "%(count)s members are then no longer updated in Exact Online; their relations stay as they are.",
            status.linked_count,
        ) % {"count": status.linked_count}
        return format_html('<span class="when-unchecked small">{}</span>', sentence)


def statuses_for(connection: ExactOnlineConnection) -> Any:
    selected = Q(
        members__relation_links__connection=connection, members__relation_links__guid__isnull=False, members__gone_at=None
    )
    sent_now = MemberStatus.objects.filter(pk__in=connection.statuses.all())
    linked = Count("members", filter=selected & Q(pk__in=sent_now), distinct=True)
    return MemberStatus.objects.annotate(
        member_count=Count("members", filter=Q(members__gone_at=None), distinct=True), linked_count=linked
    )


class AdministrationSelect(forms.Select):
    """A select in which what cannot be chosen is shown, and says why."""

    unavailable: frozenset[int] = frozenset()

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if value in self.unavailable:
            option["attrs"]["disabled"] = True
        return option


class EditForm(SavedMeanwhile, forms.ModelForm, _Credentials):
    """All settings of a connection. `listing`: what its consent reaches at Exact; None where nobody has consented.

    The version of the settings that was seen travels along, so that nobody overwrites what another saved meanwhile.
    """

    seen = forms.CharField(widget=forms.HiddenInput)
    division = forms.TypedChoiceField(
        label=gettext_lazy("Exact Online administration"),
        coerce=int,
        empty_value=None,
        required=False,
        widget=AdministrationSelect,
    )
    code_start = forms.IntegerField(
        label=gettext_lazy("Start number for relation codes"),
        min_value=0,
        max_value=MAX_CODE,
        help_text=gettext_lazy(
            "The relation code is this number plus the member number: 500000 makes 500042 of member 42. Useful where other relations "
            "have such low numbers. Relations that exist keep their code."
        ),
    )
    statuses = StatusesField(
        label=gettext_lazy("Member statuses"),
        queryset=MemberStatus.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Members with one of these statuses are kept up to date in Exact Online; others are left alone."),
    )

    class Meta:
        model = ExactOnlineConnection
        fields = (
            "financial_administration",
            "statuses",
            "name_style",
            "code_start",
            "send_name",
            "send_address",
            "send_email",
            "send_phone",
            "emptied",
        )
        help_texts = {
            "name_style": gettext_lazy("An organisation always goes by its own name."),
            "send_name": gettext_lazy("A new relation gets a name in any case: Exact Online takes none without."),
            "emptied": gettext_lazy("Such as a phone number that was taken out."),
        }

    def __init__(self, *args: Any, listing: Listing | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listing = listing or Listing()
        self.stored, self.version = connections.settings_of(self.instance), connections.version(self.instance)
        stored = self.stored | {"seen": self.version}
        self.initial.update({name: self.initial.get(name, stored[name]) for name in ("seen", "division", "site", "client_id")})
        self.fields["client_secret"].required = False
        self.fields["client_secret"].help_text = _("Leave this empty to keep the stored one.")
        self._offer_financial_administrations()
        self._offer_administrations()
        self.fields["statuses"].queryset = statuses_for(self.instance)  # type: ignore[attr-defined]
        self._lock()

    # What may be chosen

    def _offer_financial_administrations(self) -> None:
        taken = _others(self.instance).exclude(financial_administration=None)
        self.linked_elsewhere = list(taken.select_related("financial_administration"))
        free = FinancialAdministration.objects.exclude(
            pk__in=[other.financial_administration_id for other in self.linked_elsewhere]
        )
        field: Any = self.fields["financial_administration"]
        field.queryset = free
        field.error_messages["invalid_choice"] = _(
            "Another connection links this financial administration already, or it is gone; its members would be sent twice. "
            "Choose another."
        )
        field.required, field.empty_label = self.instance.enabled, _("not chosen yet")
        if self.instance.financial_administration_id is None and len(only := list(free[:2])) == 1:
            self.initial["financial_administration"] = only[0].pk

    def _offer_administrations(self) -> None:
        """Exact's list, and the one chosen now even where Exact does not show it."""
        self._taken = {other.division: other for other in _others(self.instance).filter(site=self.instance.site)}
        listed = list(self.listing.administrations)
        if self.instance.division and self.listing.get(self.instance.division) is None:
            listed.insert(0, Administration(self.instance.division, self.instance.division_name, usable=True))
        field: Any = self.fields["division"]
        field.choices = [("", _("not chosen yet")), *((one.number, self._label(one)) for one in listed)]
        field.required = self.instance.enabled
        field.widget.unavailable = frozenset(one.number for one in listed if self._against(one))

    def _label(self, one: Administration) -> str:
        against = self._against(one)
        named = f"{one.name} ({one.number})" if one.name else str(one.number)
        return f"{named}: {against}" if against else named

    def _against(self, one: Administration) -> str:
        if one.number == self.instance.division:
            return ""
        if (other := self._taken.get(one.number)) is not None:
            return _("linked to %(connection)s already") % {"connection": other}
        return "" if one.usable else _("not in use, or blocked, in Exact Online")

    def _lock(self) -> None:
        linked = self.instance.is_linked()
        if linked:
            self._fix("site", _("Cannot be changed: members of this connection have relations there."))
            self._fix(
                "division", _("Cannot be changed: members have relations in this administration. For another, add a connection.")
            )
        elif self.instance.enabled:
            self._fix("division", _("Cannot be changed while the connection is enabled. Choose Actions > Disable first."))
        elif self.instance.token_id is None and not self.instance.division:
            self._fix("division", _("Choose Connect first; Exact Online then shows which administrations there are."))

    def _fix(self, name: str, why: str) -> None:
        self.initial[name] = self.stored[name]
        self.fields[name].disabled = True
        self.fields[name].help_text = why

    # What was chosen

    def clean_division(self) -> int | None:
        number = self.cleaned_data["division"]
        if number is None or number == self.instance.division:
            return number
        if (other := self._taken.get(number)) is not None:
            raise ValidationError(
                _(
                    "This administration is linked to %(connection)s already. Two connections would overwrite each other's relations. "
                    "Choose another administration."
                )
                % {"connection": other}
            )
        listed = self.listing.get(number)
        if listed is None or not listed.usable:
            raise ValidationError(_("Exact Online shows this administration as not in use or blocked. Choose another."))
        return number

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_credentials(self.instance)
        self.say_when_saved_meanwhile()
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """Column -> value, of what is stored in the connection itself."""
        chosen = {name: self.cleaned_data[name] for name in connections.MAPPING_FIELDS}
        division = self.cleaned_data["division"]
        listed = self.listing.get(division)
        return chosen | {
            "financial_administration_id": getattr(self.cleaned_data["financial_administration"], "pk", None),
            "division": division,
            "division_name": listed.name[:200] if listed else self.instance.division_name if division else "",
        }

    @property
    def other_app(self) -> bool:
        """Other credentials than before: that ends the consent."""
        return any(self.cleaned_data[name] != self.stored[name] for name in ("site", "client_id"))


def _others(connection: ExactOnlineConnection) -> Any:
    return ExactOnlineConnection.objects.live().exclude(pk=connection.pk)
