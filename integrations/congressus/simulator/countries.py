"""The countries this Congressus knows, each with a number of its own that means nothing elsewhere."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

NETHERLANDS = 159
_LISTED = (
    # id, code, calling code, English, Dutch, local, language
    (15, "AT", "43", "Austria", "Oostenrijk", "Österreich", "de"),
    (22, "BE", "32", "Belgium", "België", "België", "nl"),
    (40, "CA", "1", "Canada", "Canada", "Canada", "en"),
    (46, "CN", "86", "China", "China", "中国", "zh"),
    (54, "CW", "599", "Curaçao", "Curaçao", "Curaçao", "nl"),
    (58, "CZ", "420", "Czech Republic", "Tsjechië", "Česko", "cs"),
    (61, "DK", "45", "Denmark", "Denemarken", "Danmark", "da"),
    (75, "FI", "358", "Finland", "Finland", "Suomi", "fi"),
    (76, "FR", "33", "France", "Frankrijk", "France", "fr"),
    (83, "DE", "49", "Germany", "Duitsland", "Deutschland", "de"),
    (86, "GR", "30", "Greece", "Griekenland", "Ελλάδα", "el"),
    (103, "IN", "91", "India", "India", "भारत", "hi"),
    (104, "ID", "62", "Indonesia", "Indonesië", "Indonesia", "id"),
    (107, "IE", "353", "Ireland", "Ierland", "Ireland", "en"),
    (110, "IT", "39", "Italy", "Italië", "Italia", "it"),
    (129, "LU", "352", "Luxembourg", "Luxemburg", "Lëtzebuerg", "lb"),
    (151, "MA", "212", "Morocco", "Marokko", "المغرب", "ar"),
    (NETHERLANDS, "NL", "31", "Netherlands", "Nederland", "Nederland", "nl"),
    (168, "NO", "47", "Norway", "Noorwegen", "Norge", "no"),
    (179, "PL", "48", "Poland", "Polen", "Polska", "pl"),
    (180, "PT", "351", "Portugal", "Portugal", "Portugal", "pt"),
    (211, "ES", "34", "Spain", "Spanje", "España", "es"),
    (217, "SR", "597", "Suriname", "Suriname", "Suriname", "nl"),
    (220, "SE", "46", "Sweden", "Zweden", "Sverige", "sv"),
    (221, "CH", "41", "Switzerland", "Zwitserland", "Schweiz", "de"),
    (233, "TR", "90", "Türkiye", "Turkije", "Türkiye", "tr"),
    (240, "GB", "44", "United Kingdom", "Verenigd Koninkrijk", "United Kingdom", "en"),
    (241, "US", "1", "United States", "Verenigde Staten", "United States", "en"),
)


def _row(id: int, code: str, calling: str, english: str, dutch: str, local: str, language: str) -> Row:
    return {
        "id": id,
        "name": english,
        "name_local": local,
        "name_locale_nl": dutch,
        "name_locale_en": english,
        "country_code": code,
        "calling_code": calling,
        "default_locale": {"id": id, "name": dutch, "code": f"{language}_{code}"},
    }


COUNTRIES: dict[int, Row] = {listed[0]: _row(*listed) for listed in _LISTED}
_BY_CODE = {row["country_code"]: id for id, row in COUNTRIES.items()}


def country_id(told: Any) -> int | None:
    """The number of a country told as its number, its code, or an object with either; None for none.

    Raises ValueError for a country that is not listed.
    """
    if isinstance(told, dict):
        told = told.get("id", told.get("country_code"))
    if told is None or told == "":
        return None
    found = _BY_CODE.get(told.upper()) if isinstance(told, str) else told
    if found not in COUNTRIES:
        raise ValueError(f"no such country: {told!r}")
    return int(found)
