"""Forms for people. What was typed stays in the form until it can be saved; what is wrong is said beside the field."""

from __future__ import annotations

import io
from operator import itemgetter
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from members import cleaning
from members.csv_files import CsvFile, FileRefused
from members.masking import mask_iban
from members.models import ChangedVia, Member, MemberImport, MemberStatus

MAX_UPLOAD = 20 * 1024 * 1024
ROOM_FOR_BLANKS = 50
# What Congressus does not know of a member stays ours, also where the rest is kept there.
KEPT_HERE = ("organisation", "language")


def country_choices() -> list[tuple[str, str]]:
    return [("", _("not known")), *((code, name) for code, name in countries)]


def language_choices() -> list[tuple[str, str]]:
    named = [(code, cleaning.language_name(code)) for code in cleaning.languages()]
    return [("", _("not known")), *sorted(named, key=itemgetter(1))]


class MemberForm(forms.ModelForm):
    """All fields of a member. The revision that was read travels along, so that nobody overwrites what another saved meanwhile.

    So does the value each field was opened with: a field that was not touched follows what is stored by now.

    Of a member who is kept in Congressus only KEPT_HERE can be changed: the rest is shown, and what is sent of it is not looked at.
    """

    seen_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        choices=country_choices,
        help_text=gettext_lazy("Left open, it becomes the Netherlands when the postcode is Dutch."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=language_choices)
    # With the blanks a bank prints the longest of them are longer than what is stored.
    iban = forms.CharField(label="IBAN", required=False, max_length=ROOM_FOR_BLANKS)
    bic = forms.CharField(
        label="BIC", required=False, max_length=ROOM_FOR_BLANKS, help_text=gettext_lazy("May stay empty: an IBAN does without.")
    )

    class Meta:
        model = Member
        fields = ("member_number", "status", *cleaning.FIELDS)
        help_texts = {
            "last_name": gettext_lazy("Without a name or an organisation a member can be kept here, but goes no further."),
            "phone": gettext_lazy("A number from elsewhere begins with + and its country code."),
        }
        error_messages = {
            "member_number": {
                "unique": gettext_lazy("Another member has this number, and a number is one person's only. Give another one."),
            }
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed_meanwhile: list[tuple[str, str]] = []
        for name in self._kept_elsewhere():
            field = self.fields[name]
            field.disabled, field.required, field.help_text = True, False, ""
        editable = [name for name in self.Meta.fields if not self.fields[name].disabled]
        self._stored = {name: getattr(self.instance, name) for name in editable} if self.instance.pk else {}
        self._revision = self.instance.revision
        self.initial["seen_revision"] = self._revision if self.instance.pk else None
        for name in ("iban", "bic", "postcode"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        for name in self._stored:
            self.fields[name].show_hidden_initial = True
        self._keep_choice("country")
        self._keep_choice("language")

    def _kept_elsewhere(self) -> list[str]:
        return [name for name in self.Meta.fields if name not in KEPT_HERE] if self.instance.is_from_congressus else []

    def _keep_choice(self, name: str) -> None:
        """What is stored can be seen, even where we would not offer it: else saving another field would clear it."""
        stored, field = getattr(self.instance, name), cast(forms.ChoiceField, self.fields[name])
        if stored and not field.valid_value(stored):
            field.choices = [*cast(list[tuple[str, str]], field.choices), (stored, stored)]

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = {name: self.cleaned_data[name] for name in self._to_clean() if name in self.cleaned_data}
        clean, refused = cleaning.member(typed, {})
        self.cleaned_data |= clean
        for name, reason in refused.items():
            self.add_error(name, reason)
        if "member_number" in self.cleaned_data:
            self.cleaned_data["member_number"] = cleaning.text(self.cleaned_data["member_number"])
        if self._is_overtaken() and self.changes():
            self._show_what_changed_meanwhile()
        return self.cleaned_data

    def _to_clean(self) -> list[str]:
        """What arrived from elsewhere was cleaned on its way in; refused here it would keep a person from saving the rest."""
        return [name for name in cleaning.FIELDS if not self.fields[name].disabled]

    def changes(self) -> dict[str, Any]:
        """field -> new value, of what differs from what is stored. Nothing touched is nothing changed."""
        if not any(self._was_touched(name) for name in self._stored):
            return {}
        values = {name: self.cleaned_data[name] for name in self._stored if name in self.cleaned_data}
        return {name: value for name, value in values.items() if value != self._stored[name]}

    def save_changes(self, person_id: int | None) -> bool:
        """Write the changed fields and nothing else; False when there are none."""
        changes = self.changes()
        if changes:
            self.instance.changed_via, self.instance.changed_by_id = ChangedVia.PERSON, person_id
            self.instance.save(update_fields=changes.keys())
        return bool(changes)

    def _is_overtaken(self) -> bool:
        """Something that can be changed here was, after the page was opened."""
        if self.cleaned_data.get("seen_revision") == self._revision:
            return False
        return any(self._opened_with(name) != _as_typed(stored) for name, stored in self._stored.items())

    def _opened_with(self, name: str) -> str | None:
        return cast(str | None, self.data.get(self[name].html_initial_name))

    def _was_touched(self, name: str) -> bool:
        opened_with = self._opened_with(name)
        return opened_with is None or self.data.get(self[name].html_name, "") != opened_with

    def _show_what_changed_meanwhile(self) -> None:
        """Open the form anew in the light of what is stored by now; what was typed stays."""
        data = cast(QueryDict, self.data).copy()
        for name, stored in self._stored.items():
            now = _as_typed(stored)
            opened_with = self._opened_with(name)
            if opened_with is not None and opened_with != now:
                self.changed_meanwhile.append((str(self.fields[name].label), _seen(name, stored)))
            if not self._was_touched(name):
                data[self[name].html_name] = now
            data[self[name].html_initial_name] = now
        data["seen_revision"] = str(self._revision)
        self.data = data
        self.add_error(None, self._who_was_first())

    def _who_was_first(self) -> str:
        member = self.instance
        return _(
            "%(who)s changed this member on %(when)s, after you opened this page; saving now would undo that. "
            "What you typed is still here: look it over and save once more."
        ) % {
            "who": capfirst(str(member.changed_by or member.get_changed_via_display())),
            "when": date_format(timezone.localtime(member.changed_at), "DATETIME_FORMAT"),
        }


def _as_typed(value: Any) -> str:
    return str(value.pk if isinstance(value, MemberStatus) else value)


def _seen(name: str, value: Any) -> str:
    return mask_iban(value) if name == "iban" else str(value)


class MemberStatusForm(forms.ModelForm):
    class Meta:
        model = MemberStatus
        fields = ("name", "kind")
        help_texts = {
            "name": gettext_lazy("As the association calls it: member, alumnus, donor ..."),
            "kind": gettext_lazy(
                "Archived: a former member. Deceased: nobody to write to. Hidden: for internal use, left out of lists in Congressus."
            ),
        }

    def clean_name(self) -> str:
        """Compared without capitals, as an import compares them; in Python, because SQLite folds only ASCII."""
        name = cleaning.text(self.cleaned_data["name"])
        others = MemberStatus.objects.exclude(pk=self.instance.pk)
        for other in others:
            if other.name.casefold() == name.casefold():
                raise ValidationError(
                    _("There is a member status “%(name)s” already, and two could not be told apart. Choose another.")
                    % {"name": other.name}
                )
        return name


class MemberImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("At most 20 MB. UTF-8 or Windows-1252, separated by semicolons, commas or tabs."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        error_messages={
            "empty": gettext_lazy(
                "The file is empty, so there is nothing to take in. Export the members again and look inside it first."
            )
        },
    )
    create_statuses = forms.BooleanField(label=gettext_lazy("Add member statuses that are not there yet"), required=False)
    dry_run = forms.BooleanField(label=gettext_lazy("Only check the file, change nothing"), required=False)

    def clean_file(self) -> UploadedFile:
        uploaded: UploadedFile = self.cleaned_data["file"]
        if (uploaded.size or 0) > MAX_UPLOAD:
            raise ValidationError(
                _("The file is %(size)d MB and at most 20 MB can be taken in at once. Split it, or leave out columns.")
                % {"size": round((uploaded.size or 0) / 1024 / 1024)}
            )
        self._content = uploaded.read()
        try:
            self._rows = CsvFile(io.BytesIO(self._content)).rows
        except FileRefused as refusal:
            raise ValidationError(str(refusal)) from None
        return uploaded

    def save(self, person_id: int | None) -> MemberImport:
        return MemberImport.objects.create(
            name=cleaning.text(self.cleaned_data["file"].name)[:200],
            content=self._content,
            total_rows=self._rows,
            uploaded_by_id=person_id,
            create_statuses=self.cleaned_data.get("create_statuses", False),
            dry_run=self.cleaned_data["dry_run"],
        )
