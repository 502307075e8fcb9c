"""Forms of the pages about Congressus. The API key goes in and never comes out: after an error it is typed again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.arrivals import connecting
from integrations.forms import CREDENTIAL, StatusesField
from integrations.models import CongressusConnection
from integrations.models.congressus import Every, NumberChoice
from integrations.saved_meanwhile import SavedMeanwhile
from members.models import MemberStatus


class KeyField(forms.CharField):
    """A key copied from Congressus: the blanks that came along at its ends are not part of it."""

    def __init__(self, **kwargs: Any) -> None:
        # "new-password": a browser must not fill in what opens this application.
        widget = forms.PasswordInput(attrs=CREDENTIAL | {"autocomplete": "new-password"})
        super().__init__(label=gettext_lazy("API key"), max_length=500, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if text and not (text.isascii() and text.isprintable() and " " not in text):
            raise ValidationError(_("There is a blank or another odd character in it, which no API key has. Copy it once more."))
        return text


class KeyForm(forms.Form):
    api_key = KeyField()


def statuses_for(connection: CongressusConnection) -> QuerySet[Any]:
    """Those that Congressus has, and one that is selected although it is gone there; with how many members here have them."""
    here = MemberStatus.objects.exclude(congressus_id=None).filter(Q(gone_at=None) | Q(pk__in=connection.statuses.all()))
    counted = here.annotate(member_count=Count("members", distinct=True))
    return counted.annotate(linked_count=Value(0, output_field=IntegerField())).order_by("kind", "name")


class SettingsForm(SavedMeanwhile, forms.Form):
    """What is fetched, how often, and with which key. The version that was seen travels along, as in the form of Exact Online."""

    seen = forms.CharField(widget=forms.HiddenInput)
    api_key = KeyField(required=False, help_text=gettext_lazy("Leave this empty to keep the stored one."))
    statuses = StatusesField(
        label=gettext_lazy("Member statuses"),
        queryset=MemberStatus.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Members with one of these statuses come in from Congressus. Who is here already stays, whatever the status."
        ),
    )
    number_from = forms.ChoiceField(
        label=gettext_lazy("Member number"),
        choices=NumberChoice,
        help_text=gettext_lazy("What members are known by here, and what their relation code in Exact Online is made of."),
    )
    every = forms.TypedChoiceField(
        label=gettext_lazy("How often"),
        choices=Every,
        coerce=int,
        help_text=gettext_lazy("How often Congressus is asked what changed. With a webhook this is only the safety net."),
    )
    share = forms.IntegerField(
        label=gettext_lazy("Share of the calls, in per cent"),
        min_value=10,
        max_value=100,
        help_text=gettext_lazy(
            "Congressus allows 60 calls a minute and 1,000 an hour. What is not used here is left to your website, and whatever else "
            "asks Congressus."
        ),
    )

    def __init__(self, *args: Any, connection: CongressusConnection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.look_at(connection)
        self.initial = self.stored | {"seen": self.version}
        self.fields["statuses"].queryset = statuses_for(connection)  # type: ignore[attr-defined]

    def look_at(self, connection: CongressusConnection) -> None:
        """What is stored by now."""
        self.connection = connection
        self.stored, self.version = stored_settings(connection), connecting.version(connection)

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.connection.enabled and "statuses" in self.cleaned_data and not self.cleaned_data["statuses"]:
            self.add_error(
                "statuses", _("Choose at least one while the connection is enabled, or choose Actions > Disable first.")
            )
        self.say_when_saved_meanwhile()
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """What is stored in the connection, but for the key."""
        return {name: self.cleaned_data[name] for name in self.stored}


def stored_settings(connection: CongressusConnection) -> dict[str, Any]:
    return {
        "statuses": sorted(connection.statuses.values_list("pk", flat=True)),
        "number_from": connection.number_from,
        "every": connection.every,
        "share": connection.share,
    }
