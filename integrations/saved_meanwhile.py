"""Two people with one form of settings open: whoever saves second is told what the first one changed, and loses nothing typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext as _


class SavedMeanwhile(forms.BaseForm):
    """For a form with a hidden field `seen`: the version of what was stored when it was opened.

    `stored`: field -> what is stored by now; statuses as a sorted list of keys, other rows as their key. `version`: of all that.
    """

    stored: dict[str, Any]
    version: str

    def say_when_saved_meanwhile(self) -> None:
        """Refuse what would undo another's saving; what was chosen here stays, and saving once more means it."""
        if self.cleaned_data.get("seen") == self.version:
            return
        differing = ", ".join(str(self.fields[name].label) for name in self._differing())
        data = cast(QueryDict, self.data).copy()
        data["seen"] = self.version
        self.data = data
        sentence = _(
            "Somebody saved these settings after you opened this page, and saving now would undo that. What you chose is still here: "
            "look it over and save once more."
        )
        if differing:
            sentence = f"{sentence} {_('Different from what is stored now: %(fields)s.') % {'fields': differing}}"
        self.add_error(None, sentence)

    def _differing(self) -> Iterator[str]:
        for name, stored in self.stored.items():
            chosen = self.cleaned_data.get(name)
            if name == "statuses":
                chosen = sorted(status.pk for status in chosen or ())
            if isinstance(chosen, Model):
                chosen = chosen.pk
            if chosen != stored:
                yield name
