"""What Exact says may quote a member. Before it is stored, logged or mailed, IBANs and e-mail addresses in it become unreadable."""

import re

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\[\]()\"',;:]+@[^\s@<>\[\]()\"',;:]+")


def masked(text: str) -> str:
    """At most 1000 characters, in which no whole IBAN or e-mail address is left."""
    text = _EMAIL.sub(lambda found: f"{found[0][0]}***@***", text)
    return _IBAN.sub(lambda found: f"{found[0][:2]}** **** {found[0][-2:]}", text)[:1000]
