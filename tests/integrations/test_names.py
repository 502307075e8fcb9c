"""How people write names: which lines in the books can be this member, by tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.likeness import Likeness, is_slip, likeness
from integrations.names import Line, Named, plain

JAN = Named.of("J.P.", "Jan", "de", "Vries")
CALLED, INITIALS, INITIAL = Likeness.CALLED, Likeness.INITIALS, Likeness.INITIAL
CLOSE, NEAR, LAST, VAGUE, OTHER = Likeness.CLOSE, Likeness.NEAR, Likeness.LAST, Likeness.VAGUE, Likeness.OTHER


YILMAZ = "Y\N{LATIN SMALL LETTER DOTLESS I}lmaz"


def alike(member: Named, name: str) -> Likeness:
    return likeness(member, Line.read(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jan de Vries", CALLED),
        ("Vries, Jan de", CALLED),
        ("Vries de, Jan", CALLED),
        ("de Vries, Jan", CALLED),
        ("De Vries Jan", CALLED),
        ("JAN DE VRIES", CALLED),
        ("jan  de  vriès", CALLED),
        ("de heer Jan de Vries", CALLED),
        ("Dhr. drs. Jan de Vries", CALLED),
        ("Jan P. de Vries", CALLED),
        ("Jan Pieter de Vries", CALLED),
        ("Vries, Jan Pieter de", CALLED),
        ("J.P. (Jan) de Vries", CALLED),
        ("J.P. de Vries", INITIALS),
        ("J. P. de Vries", INITIALS),
        ("J P de Vries", INITIALS),
        ("JP de Vries", INITIALS),
        ("jp de vries", INITIALS),
        ("Vries, J.P. de", INITIALS),
        ("de Vries J.P.", INITIALS),
        ("dhr. J.P. de Vries MSc", INITIALS),
        ("J. de Vries", INITIAL),
        ("Vries, J. de", INITIAL),
        ("Vries de, J", INITIAL),
        ("J.P.M. de Vries", INITIAL),
        # the infix lacks or is another, a slip, one half of a double name
        ("Jan Vries", CLOSE),
        ("Jan van Vries", CLOSE),
        ("Jan de Vreis", CLOSE),
        ("J.P. de Vries-Bakker", CLOSE),
        ("Bakker-de Vries, Jan", CLOSE),
        ("J. de Vries - van den Berg", NEAR),
        ("J. Vries", NEAR),
        ("J. de Vreis", NEAR),
        # nothing of a given name
        ("de Vries", LAST),
        ("Dhr. de Vries", LAST),
        # more than one, another generation, a firm, another name with one letter
        ("Fam. de Vries", VAGUE),
        ("Familie J. de Vries", VAGUE),
        ("Dhr. en Mevr. de Vries", VAGUE),
        ("J. en A. de Vries", VAGUE),
        ("Fam. P. de Vries", VAGUE),
        ("Erven J.P. de Vries", VAGUE),
        ("Jan de Vries sr.", VAGUE),
        ("Jan de Vries jr", VAGUE),
        ("Bakkerij Jan de Vries", VAGUE),
        ("Jan de Vries Schilderwerken", VAGUE),
        ("Jan de Vries B.V.", VAGUE),
        ("Stichting X t.a.v. Jan de Vries", VAGUE),
        ("Johannes de Vries", VAGUE),
        ("Joris de Vries", VAGUE),
        ("Jan K. de Vries", VAGUE),
        ("J. Vries-Bakker", VAGUE),
        ("", VAGUE),
        # somebody else
        ("P. de Vries", OTHER),
        ("J.K. de Vries", OTHER),
        ("Piet de Vries", OTHER),
        ("Bakkerij de Vries", OTHER),
        ("Jan Jansen", OTHER),
        ("Jan de Vos", OTHER),
        ("Jan", OTHER),
        ("?", VAGUE),
    ],
)
def test_jan(name: str, expected: Likeness) -> None:
    assert alike(JAN, name) is expected


@pytest.mark.parametrize(
    ("infix", "last", "names"),
    [
        ("van der", "Berg", ("J. van der Berg", "J. v.d. Berg", "J. v/d Berg", "J. vd Berg", "J. v d Berg", "J. vander Berg")),
        ("van der", "Berg", ("J. VAN DER BERG", "Berg, J. van der", "Berg v.d., J.", "v.d. Berg, J.", "J. Vanderberg")),
        ("v.d.", "Berg", ("J. van der Berg", "J. van den Berg", "J. v.d. Berg")),
        ("", "van der Berg", ("J. van der Berg", "J. v.d. Berg", "Berg, J. van der")),
        ("", "Berg, van der", ("J. van der Berg",)),
        ("'t", "Hart", ("J. 't Hart", "J. \N{RIGHT SINGLE QUOTATION MARK}t Hart", "J. het Hart", "Hart, J. 't")),
        ("in 't", "Veld", ("J. in 't Veld", "J. in het Veld", "Veld, J. in 't", "J. int Veld")),
        ("", "'s-Gravesande", ("J. 's-Gravesande", "J. s Gravesande")),
        ("", "O'Brien", ("J. O'Brien", "J. OBrien", "O\N{RIGHT SINGLE QUOTATION MARK}Brien, J.")),
        ("", "Kuijpers", ("J. Kuijpers", "J. Kuypers", "J. KUIJPERS")),
        ("", "Çelik-Öztürk", ("J. Celik-Ozturk", "J. Öztürk-Çelik", "J. Çelik - Öztürk", "J. Celik Ozturk", "Ozturk-Celik, J.")),
        ("", "Jansen-de Boer", ("J. Jansen-de Boer", "J. de Boer-Jansen", "Boer-Jansen, J. de", "J. Jansen de Boer")),
        ("van", "Dijk-van den Berg", ("J. van Dijk-van den Berg", "J. van den Berg-van Dijk", "J. v. Dijk-v.d. Berg")),
        ("", YILMAZ, ("J. Yilmaz", "J. YILMAZ", f"J. {YILMAZ}")),
        ("", "Sánchez García", ("J. Sanchez Garcia", "Sánchez García, J.")),
        ("", "Heer", ("J. Heer", "de heer J. Heer")),
        ("de", "Heer", ("J. de Heer", "Dhr. J. de Heer")),
        ("", "Le", ("J. Le", "Le, J.")),
        ("", "李", ("J. 李",)),
    ],
)
def test_the_whole_last_name_in_other_hands(infix: str, last: str, names: tuple[str, ...]) -> None:
    member = Named.of("J.", "", infix, last)
    assert {name: alike(member, name) for name in names} == dict.fromkeys(names, INITIAL)


@pytest.mark.parametrize(
    ("member", "name", "expected"),
    [
        (Named.of("", "Jan", "de", "Vries"), "J. de Vries", INITIAL),
        (Named.of("", "Jan", "de", "Vries"), "J.P. (Jan) de Vries", CALLED),
        (Named.of("", "Jan", "de", "Vries"), "Jan Pieter de Vries", CALLED),
        (Named.of("", "Jan", "de", "Vries"), "Vries, Jan Pieter de", VAGUE),
        (Named.of("J.", "", "de", "Vries"), "Jan de Vries", INITIAL),
        (Named.of("J.", "", "de", "Vries"), "J. de Vries", INITIAL),
        (Named.of("", "J.P.", "de", "Vries"), "J.P. de Vries", INITIALS),
        (Named.of("", "", "de", "Vries"), "J. de Vries", VAGUE),
        (Named.of("", "", "de", "Vries"), "de Vries", LAST),
        (Named.of("C.J.", "Kees", "de", "Vries"), "K. de Vries", INITIAL),
        (Named.of("C.J.", "Kees", "de", "Vries"), "C. de Vries", INITIAL),
        (Named.of("C.J.", "Kees", "de", "Vries"), "C.J. (Kees) de Vries", CALLED),
        (Named.of("CJ", "Kees", "de", "Vries"), "C.J. de Vries", INITIALS),
        (Named.of("Th.", "Theo", "de", "Vries"), "T. de Vries", INITIAL),
        (Named.of("T.", "Theo", "de", "Vries"), "Th. de Vries", INITIAL),
        (Named.of("Th.M.", "Theo", "de", "Vries"), "T.M. de Vries", INITIALS),
        (Named.of("IJ.", "IJsbrand", "de", "Vries"), "Y. de Vries", INITIAL),
        (Named.of("I.J.", "Ibrahim", "de", "Vries"), "IJ de Vries", INITIAL),
        (Named.of("A.M.", "Anne Marie", "", "Bos"), "Annemarie Bos", CALLED),
        (Named.of("A.M.C.", "Anne Marie", "", "Bos"), "Anne Marie Charlotte Bos", CALLED),
        (Named.of("", "Jan-Willem", "", "Bos"), "J.W. Bos", INITIALS),
        (Named.of("", "Jan-Willem", "", "Bos"), "Jan Bos", INITIAL),
        (Named.of("M.", "", "", "Bos"), "Bos, MEF", INITIAL),
        (Named.of("N.", "Nathalie", "", "Bos"), "Nahtalie Bos", NEAR),
        (Named.of("B.V.", "Bas", "", "Bos"), "B.V. Bos", INITIALS),
        (Named.of("B.V.", "Bas", "", "Bos"), "Bos, B.V.", INITIALS),
        (Named.of("B.", "Bas", "", "Bos"), "Bos, B.V.", INITIAL),
        (Named.of("J.", "Jan", "", "Bos"), "Bos J.B.V.", INITIAL),
        (Named.of("B.", "Bas", "", "Bos"), "Bas Bos B.V.", VAGUE),
        (Named.of("", "Jan", "", "Bos jr."), "Jan Bos jr", CALLED),
        (Named.of("", "Jan", "", "Bos jr."), "Jan Bos sr.", OTHER),
        (Named.of("", "Jan", "", "Bos jr."), "Jan Bos", VAGUE),
        (Named.of("A.", "Arie", "de", "Vries"), "A. de Vries-Jansen", NEAR),
        (Named.of("A.", "Anna", "", "Jansen"), "Anna de Vries-Jansen", CLOSE),
        (Named.of("A.", "Anna", "de", "Vries-Jansen"), "Anna Jansen", CLOSE),
        (Named.of("A.", "Anna", "de", "Vries-Jansen"), "J. de Vries", OTHER),
        (Named.of("", "Jan", "", ""), "Jan", CALLED),
        (Named.of("", "Jan", "", ""), "Jan Jansen", OTHER),
        (Named.of("", "", "", ""), "Jan Jansen", VAGUE),
    ],
)
def test_given_names(member: Named, name: str, expected: Likeness) -> None:
    assert alike(member, name) is expected


@pytest.mark.parametrize(
    ("organisation", "name", "expected"),
    [
        ("Stichting De Brug", "St. De Brug", CALLED),
        ("Stichting De Brug", "STICHTING DE BRUG", CALLED),
        ("Stichting De Brug", "Stichting de Brug t.a.v. Jan de Vries", CALLED),
        ("Drukkerij Kuipers B.V.", "Drukkerij Kuipers BV", CALLED),
        ("Drukkerij Kuipers & Zonen", "Drukkerij Kuipers en Zn.", CALLED),
        ("Garage Öztürk V.O.F.", "Garage Ozturk vof", CALLED),
        ("T.V. De Lob", "Tennisvereniging De Lob", CALLED),
        ("Drukkerij Kuipers B.V.", "Drukkerij Kuipers", CLOSE),
        ("Drukkerij Kuipers", "Drukkerij Kuiprs", CLOSE),
        ("Stichting De Brug", "Vereniging De Brug", OTHER),
        ("Stichting De Brug", "Stichting De Poort", OTHER),
        ("Stichting", "B.V.", OTHER),
        ("Stichting De Brug", "J. de Vries", VAGUE),
        ("Stichting De Brug", "P. de Vries", OTHER),
    ],
)
def test_organisations_and_who_answers_for_them(organisation: str, name: str, expected: Likeness) -> None:
    assert alike(Named.of("J.", "Jan", "de", "Vries", organisation), name) is expected


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("vries", "vreis", True),
        ("jansen", "janssen", True),
        ("janssen", "jansen", True),
        ("jansen", "janzen", True),
        ("bakker", "bakke", True),
        ("bakker", "bakkers", True),
        ("jansen", "jansen", False),
        ("smit", "smits", False),
        ("bakker", "dakker", False),
        ("jansen", "hansen", False),
        ("bakker", "brouwer", False),
    ],
)
def test_slips_of_the_pen(one: str, other: str, slip: bool) -> None:
    assert is_slip(one, other) is slip
    assert is_slip(other, one) is slip


def test_an_endless_infix_takes_no_time() -> None:
    member = Named.of("J.", "", "d v " * 25, "Berg")
    assert alike(member, "J. " + "d v " * 25 + "Berg") is not OTHER


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=20), st.text(max_size=50), st.text(max_size=60))
def test_whatever_is_written_can_be_read(initials: str, first_name: str, infix: str, last_name: str, name: str) -> None:
    member = Named.of(initials, first_name, infix, last_name)
    assert alike(member, name) in Likeness
    assert all(plain(word) for word in Line.read(name).words)


@given(st.sampled_from(["Jan", "Piet", "Anna"]), st.sampled_from(["", "de", "van der"]), st.sampled_from(["Vries", "Jansen-Bos"]))
def test_a_name_as_we_write_it_is_recognised(called: str, infix: str, last: str) -> None:
    member = Named.of(f"{called[0]}.", called, infix, last)
    spoken = " ".join(filter(None, (called, infix, last)))
    listed = f"{last}, {' '.join(filter(None, (called, infix)))}"
    assert (alike(member, spoken), alike(member, listed)) == (CALLED, CALLED)
