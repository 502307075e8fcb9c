"""The surname a member uses: the own one, the partner's, or both with a hyphen, each with its infix before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHOICES = ("own", "partner", "partner-own", "own-partner")


def surname(values: Mapping[str, Any], which: str) -> str:
    """`which` is "primary" (own) or "secondary" (partner)."""
    parts = (values.get(f"{which}_last_name_prefix"), values.get(f"{which}_last_name_main"))
    return " ".join(part for part in parts if part)


def last_name(values: Mapping[str, Any]) -> str:
    """As `last_name_display` asks; the own one where there is no other, or the choice is unknown."""
    own, partner = surname(values, "primary"), surname(values, "secondary")
    if not partner:
        return own
    styles = {"partner": partner, "partner-own": f"{partner}-{own}", "own-partner": f"{own}-{partner}"}
    return styles.get(values.get("last_name_display") or "own", own)


def called(values: Mapping[str, Any]) -> str:
    """The name people know somebody by: roepnaam, or else initials, and the surname."""
    return " ".join(part for part in (values.get("given_name") or values.get("initials"), last_name(values)) if part)
