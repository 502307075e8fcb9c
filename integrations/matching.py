"""Is this relation in Exact Online this member? Pure; and in doubt the answer is no: a wrong link costs money, a question does not."""

from __future__ import annotations

import unicodedata
from datetime import date
from enum import StrEnum

from integrations.exact_online.accounts import Account
from integrations.mapping import MemberFields, NameStyle, styled_name

# Letters that carry their stroke inside, so that no decomposition takes it off.
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i"})


class Contradiction(StrEnum):
    """Why a relation that carries the code of a member is still not simply taken for that member."""

    NAME = "other_name"
    SUPPLIER = "supplier"
    BLOCKED = "blocked"
    ENDED = "ended"
    TAKEN = "taken"


def fold(name: str) -> str:
    """A name without case, diacritics and blanks: "Renée  de Boer" -> "reneedeboer"."""
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(_STROKES)
    return "".join(char for char in plain if not unicodedata.combining(char) and not char.isspace())


def contradiction(account: Account, member: MemberFields, sent_name: str, today: date) -> Contradiction | None:
    """None where the relation is plainly this member: the name as sent, or as one of the styles would write it."""
    if account.is_supplier:
        return Contradiction.SUPPLIER
    if account.blocked:
        return Contradiction.BLOCKED
    if account.end_date and account.end_date < today:
        return Contradiction.ENDED
    # Last, because a person may overrule this one, and it then must be all that speaks against it.
    names = {fold(sent_name), *(fold(styled_name(member, style)) for style in NameStyle)}
    return None if fold(account.fields.get("Name", "")) in names else Contradiction.NAME
