"""What Exact says may quote a member. Before it is stored, logged or mailed, IBANs and e-mail addresses in it become unreadable."""

import re

from members.masking import mask_accounts

_EMAIL = re.compile(r"[^\s@<>\[\]()\"',;:]+@[^\s@<>\[\]()\"',;:]+")


def masked(text: str) -> str:
    """At most 1000 characters, in which no whole IBAN or e-mail address is left."""
    return mask_accounts(_EMAIL.sub(lambda found: f"{found[0][0]}***@***", text))[:1000]
