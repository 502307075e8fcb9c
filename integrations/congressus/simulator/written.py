"""What the body of a write on a member may hold: the writable fields of the schema, each of its kind.

The API is strict where a test's verbs are not: read-only and unknown fields are refused, texts have lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .countries import COUNTRIES
from .fields import FLAGS, PICTURES, TEXTS
from .naming import CHOICES
from .periods import day
from .questions import Invalid

Check = Callable[[Any], str]  # what is wrong, or ""
UNKNOWN, REQUIRED = "Unknown field.", "Missing data for required field."


def member(body: Mapping[str, Any], required: tuple[str, ...] = ()) -> None:
    """Raises Invalid."""
    _refuse(body, MEMBER | (CREATED if required else {}), required)


def period(body: Mapping[str, Any]) -> None:
    """Raises Invalid."""
    _refuse(body, {"status_id": _is_number, "member_from": _is_date}, ("status_id",))


def _refuse(body: Mapping[str, Any], checks: Mapping[str, Check], required: tuple[str, ...]) -> None:
    errors = {name: [REQUIRED] for name in required if body.get(name) in (None, "")}
    for name, value in body.items():
        problem = checks[name](value) if name in checks else UNKNOWN
        if problem:
            errors.setdefault(name, [problem])
    if errors:
        raise Invalid("json", errors)


def _is_text(longest: int) -> Check:
    def check(value: Any) -> str:
        if value is not None and not isinstance(value, str):
            return "Not a valid string."
        return f"Longer than maximum length {longest}." if value and len(value) > longest else ""

    return check


def _is_flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "Not a valid boolean."


def _is_number(value: Any) -> str:
    return "" if value is None or (isinstance(value, int) and not isinstance(value, bool)) else "Not a valid integer."


def _is_date(value: Any) -> str:
    try:
        day(value)
    except ValueError:
        return "Not a valid date."
    return ""


def _is_one_of(*choices: Any) -> Check:
    return lambda value: "" if value in choices else f"Must be one of: {', '.join(str(choice) for choice in choices)}."


def _is_country(value: Any) -> str:
    return "" if isinstance(value, int | None) and (value is None or value in COUNTRIES) else "Not a valid country."


def _holds(checks: Mapping[str, Check]) -> Check:
    def check(value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, dict):
            return "Invalid input type."
        problems = {name: checks[name](told) if name in checks else UNKNOWN for name, told in value.items()}
        return " ".join(f"{name}: {problem}" for name, problem in problems.items() if problem)

    return check


PHONE = _holds({"number": _is_text(255), "country_id": _is_country})
MEMBER: dict[str, Check] = {
    **{name: _is_text(255) for name in TEXTS},
    **dict.fromkeys(FLAGS, _is_flag),
    **dict.fromkeys(PICTURES, _is_number),
    "gender": _is_one_of("m", "f", "o", "", None),
    "last_name_display": _is_one_of(*CHOICES, None),
    "date_of_birth": _is_date,
    "memo": _is_text(100_000),
    "address": _holds(
        {
            "address": _is_text(255),
            "zip": _is_text(64),
            "city": _is_text(255),
            "province": _is_text(255),
            "country_id": _is_country,
        }
    ),
    "phone_mobile": PHONE,
    "phone_home": PHONE,
    "bank_account": _holds({"iban": _is_text(255), "bic": _is_text(255)}),
}
CREATED: dict[str, Check] = {"status_id": _is_number, "member_from": _is_date, "member_to": _is_date}
