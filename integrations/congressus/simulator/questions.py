"""What a query string asks, checked as the framework of the real service checks it: what it does not know it refuses.

Refusals have the one shape all errors have: code, status, message, and per place (query, json) and field what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from integrations.simulation.messages import Response, json_response

Parameter = Callable[[list[str]], Any]  # what was given, at least once, to its meaning; raises ValueError with the sentence
INTEGER = re.compile(r"\s*[+-]?\d{1,18}\s*")
STATUSES = {422: "Unprocessable Entity"}


class Refused(Exception):
    """An answer that is no success. `errors` names places and fields."""

    def __init__(self, status: int, message: str, errors: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, dict(errors or {})

    def response(self) -> Response:
        phrase = STATUSES.get(self.status) or HTTPStatus(self.status).phrase
        payload = {"code": self.status, "status": phrase, "message": self.message, "errors": self.errors}
        return json_response(self.status, payload)


class Invalid(Refused):
    """422: these fields, told in this place, do not fit."""

    def __init__(self, place: str, errors: Mapping[str, list[str]]) -> None:
        super().__init__(
            422, "The request was well-formed but was unable to be followed due to semantic errors.", {place: errors}
        )


def asked(given: Mapping[str, list[str]], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Name -> meaning of what was asked. Raises Invalid."""
    errors = {name: ["Unknown field."] for name in given if name not in known}
    meanings: dict[str, Any] = {}
    for name, values in given.items():
        try:
            if name in known:
                meanings[name] = known[name](values)
        except ValueError as problem:
            errors[name] = [str(problem)]
    if errors:
        raise Invalid("query", errors)
    return meanings


def integer(value: str) -> int:
    if not INTEGER.fullmatch(value):
        raise ValueError("Not a valid integer.")
    return int(value)


def integers(values: list[str]) -> list[int]:
    return [integer(value) for value in values]


def page(values: list[str]) -> int:
    number = integer(values[0])
    if number < 1:
        raise ValueError("Must be greater than or equal to 1.")
    return number


def page_size(values: list[str]) -> int:
    number = integer(values[0])
    if not 1 <= number <= 100:
        raise ValueError("Must be greater than or equal to 1 and less than or equal to 100.")
    return number


def flag(values: list[str]) -> bool:
    return one_of("0", "1")(values)[0] == "1"


def one_of(*choices: str) -> Callable[[list[str]], list[str]]:
    """Each value given must be one of these."""

    def chosen(values: list[str]) -> list[str]:
        if any(value not in choices for value in values):
            raise ValueError(f"Must be one of: {', '.join(choices)}.")
        return values

    return chosen


def text(shortest: int, longest: int) -> Callable[[list[str]], str]:
    def fitting(values: list[str]) -> str:
        if not shortest <= len(values[0]) <= longest:
            raise ValueError(f"Length must be between {shortest} and {longest}.")
        return values[0]

    return fitting


def order(*names: str) -> Callable[[list[str]], tuple[tuple[str, bool], ...]]:
    """`name`, `name:asc` or `name:desc`, several with commas -> each name with whether it falls."""

    def ordered(values: list[str]) -> tuple[tuple[str, bool], ...]:
        return tuple(_ordering(part, names) for part in values[0].split(","))

    return ordered


def _ordering(part: str, names: Sequence[str]) -> tuple[str, bool]:
    name, _, direction = part.strip().partition(":")
    if name not in names or direction not in ("", "asc", "desc"):
        raise ValueError(f"Cannot order by '{part.strip()}'.")
    return name, direction == "desc"
