"""Member -> fields of a relation, by tables."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.exact_online.accounts import FIELDS, LENGTHS
from integrations.mapping import Doubt, MappingSettings, Missing, NameStyle, Warned, map_member, relation_code


@dataclass
class Someone:
    member_number: str = "7"
    initials: str = ""
    first_name: str = ""
    infix: str = ""
    last_name: str = ""
    organisation: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    language: str = ""


JAN = Someone(initials="J.", first_name="Jan", infix="de", last_name="Vries")
ALL = MappingSettings()


@pytest.mark.parametrize(
    ("someone", "initials", "full", "sorted_"),
    [
        (JAN, "J. de Vries", "Jan de Vries", "Vries, J. de"),
        (replace(JAN, initials=""), "Jan de Vries", "Jan de Vries", "Vries, Jan de"),
        (replace(JAN, first_name=""), "J. de Vries", "J. de Vries", "Vries, J. de"),
        (replace(JAN, infix=""), "J. Vries", "Jan Vries", "Vries, J."),
        (replace(JAN, initials="JP"), "J.P. de Vries", "Jan de Vries", "Vries, J.P. de"),
        (replace(JAN, initials="Th."), "Th. de Vries", "Jan de Vries", "Vries, Th. de"),
        (
            replace(JAN, infix="van der", last_name="Berg-Jansen"),
            "J. van der Berg-Jansen",
            "Jan van der Berg-Jansen",
            "Berg-Jansen, J. van der",
        ),
        (
            replace(JAN, infix="", last_name="De Vries-van Dam"),
            "J. De Vries-van Dam",
            "Jan De Vries-van Dam",
            "De Vries-van Dam, J.",
        ),
        (replace(JAN, infix="", last_name="O'Brien"), "J. O'Brien", "Jan O'Brien", "O'Brien, J."),
        (replace(JAN, first_name="Loïc", infix="", last_name="Süleyman"), "J. Süleyman", "Loïc Süleyman", "Süleyman, J."),
        (replace(JAN, infix="", last_name="Null"), "J. Null", "Jan Null", "Null, J."),
        (Someone(first_name="Jan"), "Jan", "Jan", "Jan"),
        (Someone(last_name="Vries"), "Vries", "Vries", "Vries"),
        (Someone(last_name="  de   Vries "), "de Vries", "de Vries", "de Vries"),
        (replace(JAN, organisation="Drukkerij B.V."), "Drukkerij B.V.", "Drukkerij B.V.", "Drukkerij B.V."),
        (Someone(last_name="🎉 Feest"), "🎉 Feest", "🎉 Feest", "🎉 Feest"),
    ],
)
def test_names(someone: Someone, initials: str, full: str, sorted_: str) -> None:
    for style, name in ((NameStyle.INITIALS, initials), (NameStyle.FULL, full), (NameStyle.SORTED, sorted_)):
        assert map_member(someone, MappingSettings(name_style=style)).fields["Name"] == name


def test_combining_marks_are_composed() -> None:
    assert map_member(Someone(last_name="Rene\u0301e"), ALL).fields["Name"] == "Renée"


def test_a_long_name_falls_back_to_initials_with_a_warning() -> None:
    someone = Someone(first_name="Wilhelmina Henrietta Maria", infix="van", last_name="Steenbergen-Nieuwenhuizen")
    mapped = map_member(someone, MappingSettings(name_style=NameStyle.FULL))
    assert mapped.fields["Name"] == "W.H.M. van Steenbergen-Nieuwenhuizen"
    assert mapped.warnings == (Warned(Doubt.NAME_SHORTENED, "Name"),)


def test_a_60_character_last_name_is_cut_with_a_warning() -> None:
    mapped = map_member(Someone(initials="J.", last_name="A" * 60), ALL)
    assert mapped.fields["Name"] == "J. " + "A" * 47
    assert mapped.warnings == (Warned(Doubt.NAME_CUT, "Name"),)


@pytest.mark.parametrize("grapheme", ["👨‍👩‍👧‍👦", "n\u0303\u0323\u0331", "🇳🇱"])
def test_a_name_is_never_cut_inside_a_grapheme(grapheme: str) -> None:
    name = map_member(Someone(last_name="A" * 49 + grapheme + "B" * 20), ALL).fields["Name"]
    assert name == "A" * 49


@given(st.text(min_size=1, max_size=120), st.sampled_from(NameStyle))
def test_no_name_is_ever_longer_than_exact_takes(name: str, style: NameStyle) -> None:
    mapped = map_member(Someone(first_name=name, infix="van", last_name=name), MappingSettings(name_style=style))
    assert 0 < len(mapped.fields["Name"].encode("utf-16-le")) // 2 <= LENGTHS["Name"]


def test_no_name_at_all_is_missing() -> None:
    assert map_member(Someone(initials=" "), ALL).missing == (Missing.NAME,)


@pytest.mark.parametrize(
    ("number", "start", "code"),
    [
        ("7", 0, "7"),
        ("007", 0, "7"),
        ("7", 500000, "500007"),
        ("0", 0, None),
        ("0", 1000, "1000"),
        ("12a", 0, None),
        ("12-3", 0, None),
        (" 12", 0, None),
        ("", 0, None),
        ("٣٤", 0, None),
        ("9" * 18, 0, "9" * 18),
        ("9" * 18, 1, None),
        ("9" * 50, 0, None),
    ],
)
def test_relation_codes(number: str, start: int, code: str | None) -> None:
    assert relation_code(number, start) == code


@pytest.mark.parametrize(
    ("field", "value", "target", "doubt"),
    [
        ("email", "no address", "Email", Doubt.INVALID),
        ("email", "a" * 120 + "@example.nl", "Email", Doubt.TOO_LONG),
        ("phone", "12", "Phone", Doubt.INVALID),
        ("address", "x" * 81, "AddressLine1", Doubt.TOO_LONG),
        ("city", "x" * 31, "City", Doubt.TOO_LONG),
        ("postcode", "x" * 11, "Postcode", Doubt.TOO_LONG),
        ("country", "XX", "Country", Doubt.INVALID),
        ("language", "qq", "Language", Doubt.INVALID),
    ],
)
def test_what_exact_would_refuse_is_left_out_with_a_warning(field: str, value: str, target: str, doubt: Doubt) -> None:
    mapped = map_member(replace(JAN, **{field: value}), ALL)
    assert target not in mapped.fields
    assert mapped.warnings == (Warned(doubt, target),)
    assert mapped.missing == ()


def test_only_the_chosen_fields_go_out() -> None:
    nothing = MappingSettings(send_name=False, send_address=False, send_email=False, send_phone=False)
    mapped = map_member(replace(JAN, email="a@example.nl", city="Ede"), nothing)
    assert mapped.fields == {"Status": "C"}
    assert mapped.name == "J. de Vries"  # creating needs one all the same


def test_empty_fields_clear_or_stay_away() -> None:
    assert map_member(JAN, ALL).fields["Phone"] == ""
    assert "Phone" not in map_member(JAN, MappingSettings(clear_emptied=False)).fields


def test_every_field_is_one_that_exact_has() -> None:
    assert set(map_member(JAN, ALL).fields) <= set(FIELDS)
