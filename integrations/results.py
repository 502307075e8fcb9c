"""What became of a run, in words: one place, so that its page and its mail say the same."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.models.match import Verdict

# As `runs.count` names them, in the order in which they are told.
_SENT = {
    "create_done": _("created"),
    "update_done": _("changed"),
    "adopt_done": _("linked to an existing relation"),
    "create_refused": _("not created, refused by Exact Online"),
    "update_refused": _("not changed, refused by Exact Online"),
    "adopt_refused": _("not linked, refused by Exact Online"),
}
# Of these only that Exact was asked more than once is of interest.
_REPEATED = ("create_unknown", "update_unknown", "adopt_unknown", "create_later", "update_later", "adopt_later")


def told(counts: Mapping[str, int]) -> list[tuple[int, str | Promise]]:
    """Number and word, of all that is not zero."""
    words: dict[str, str | Promise] = {verdict.value: verdict.label for verdict in Verdict}
    found = [(counts.get(name, 0), label) for name, label in (words | _SENT).items()]
    repeated = sum(counts.get(name, 0) for name in _REPEATED)
    return [(number, label) for number, label in [*found, (repeated, _("asked once more later"))] if number]


def sentence(counts: Mapping[str, int]) -> str:
    """All of it in one line: "120 created, 30 changed."; "" where nothing was counted."""
    listed = ", ".join(f"{number_format(number, use_l10n=True, force_grouping=True)} {label}" for number, label in told(counts))
    return f"{listed}." if listed else ""
