"""What people and files write -> what a member holds, or a sentence that says why not.

Nothing is guessed: a value that cannot be read is refused, so that a typing error never becomes another country or another
person's account. Words such as "null" are names of people, not the absence of one. Pure: no database, no network.

Every function takes text as it was typed, takes "" for "we do not know one", and raises django's ValidationError with one
sentence (what was seen, why it matters, what to do).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache

import phonenumbers
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from django_countries import countries
from django_countries.data import COUNTRIES
from email_validator import EmailNotValidError, validate_email
from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError as NotANumber
from stdnum.nl import postcode as dutch_postcode

from members.masking import mask_accounts, mask_iban

TEXT_FIELDS = ("initials", "first_name", "infix", "last_name", "organisation", "address", "city")
FIELDS = (*TEXT_FIELDS, "email", "phone", "postcode", "country", "language", "iban", "bic")
HOME = "NL"
LONGEST_ECHO = 60
# Joiners shape letters in scripts that need them; every other invisible character is an accident of copying.
JOINERS = "\u200c\u200d"
NAMED_IN = ("en", "nl")
MORE_COUNTRY_NAMES = {
    "uk": "GB",
    "great britain": "GB",
    "groot brittannie": "GB",
    "england": "GB",
    "engeland": "GB",
    "scotland": "GB",
    "schotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "noord ierland": "GB",
    "holland": "NL",
    "usa": "US",
    "vs": "US",
    "united states": "US",
    "verenigde staten": "US",
    "amerika": "US",
    "america": "US",
    "turkey": "TR",
    "czech republic": "CZ",
    "tsjechische republiek": "CZ",
    "ivory coast": "CI",
    "verenigde arabische emiraten": "AE",
    "uae": "AE",
    "korea": "KR",
    "wit rusland": "BY",
    "deutschland": "DE",
    "belgique": "BE",
}
# Spoken by members, yet not among the languages Django translates itself into.
MORE_LANGUAGES = {
    "am": "Amharic",
    "ku": "Kurdish",
    "mt": "Maltese",
    "ps": "Pashto",
    "so": "Somali",
    "ti": "Tigrinya",
    "zh": "Chinese",
}


# Text --------------------------------------------------------------------------------------------------------------------


def text(value: str) -> str:
    """One line in composed form (NFC), blanks trimmed and collapsed, invisible characters dropped."""
    return " ".join("".join(_visible(character) for character in unicodedata.normalize("NFC", value)).split())


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    dropped = unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in JOINERS
    return "" if dropped else character


def shown(value: str) -> str:
    """What was seen, fit to be repeated in a message: cut, and never a whole bank account."""
    seen = mask_accounts(text(value))
    return seen if len(seen) <= LONGEST_ECHO else f"{seen[:LONGEST_ECHO]}…"


# Bank --------------------------------------------------------------------------------------------------------------------


def iban(value: str) -> str:
    """Without blanks, in capitals. The country's list of banks is not consulted: such lists age, check digits do not."""
    typed = text(value)
    if not typed:
        return ""
    try:
        return str(stdnum_iban.validate(typed, check_country=False))
    except NotANumber:
        raise ValidationError(
            _(
                "The IBAN %(seen)s is not valid: its length or check digits do not fit, so money would go astray. "
                "Compare it with the bank card and type it again."
            )
            % {"seen": mask_iban(typed[:34])}
        ) from None


def bic(value: str) -> str:
    """8 or 11 characters, in capitals."""
    typed = text(value)
    if not typed:
        return ""
    try:
        return str(stdnum_bic.validate(typed))
    except NotANumber:
        raise ValidationError(
            _(
                "“%(seen)s” is not a BIC: a bank's code has 8 or 11 characters and names its country, such as ABNANL2A. "
                "Correct it, or leave it empty; an IBAN does without."
            )
            % {"seen": shown(typed)}
        ) from None


# E-mail, phone -----------------------------------------------------------------------------------------------------------


def email(value: str) -> str:
    """As it was typed, apart from blanks around it: capitals before the @ may matter to the receiver."""
    typed = text(value)
    if not typed:
        return ""
    try:
        validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        raise ValidationError(_email_refusal(typed)) from None
    return typed


def _email_refusal(typed: str) -> str:
    if typed.count("@") > 1:
        return _("“%(seen)s” holds more than one e-mail address, and mail to both together arrives at neither. Keep one.") % {
            "seen": shown(typed)
        }
    return _("“%(seen)s” is not an e-mail address, so mail would not arrive. Write it as name@example.org.") % {
        "seen": shown(typed)
    }


def phone(value: str, country: str = "") -> str:
    """E.164, such as +31612345678. Without a country code it is read as a number of `country` (ISO code), else as a Dutch one."""
    typed = text(value)
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, country or HOME)
    except phonenumbers.NumberParseException:
        raise ValidationError(_phone_refusal(typed, country)) from None
    if number.extension:
        raise ValidationError(
            _("“%(seen)s” has an extension, which cannot be kept and would be lost. Give the number without it.")
            % {"seen": shown(typed)}
        )
    if not phonenumbers.is_valid_number(number):
        raise ValidationError(_phone_refusal(typed, country))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone_refusal(typed: str, country: str) -> str:
    return _(
        "“%(seen)s” cannot be read as one phone number (country: %(country)s), so nobody would answer. "
        "Write a single number; one from elsewhere begins with + and its country code."
    ) % {"seen": shown(typed), "country": country_name(country or HOME)}


# Country, postcode, language ---------------------------------------------------------------------------------------------


def country(value: str) -> str:
    """ISO 3166 alpha-2. Takes a code of two or three letters, or the name in English or Dutch."""
    typed = text(value)
    if not typed:
        return ""
    code = _country_codes().get(_folded(typed)) or (countries.alpha2(typed.upper()) if typed.isascii() else "")
    if not code:
        raise ValidationError(
            _(
                "“%(seen)s” is not a country we know, and the wrong one would spoil address and phone number. "
                "Write its name in English or Dutch, or its code of two letters, such as NL."
            )
            % {"seen": shown(typed)}
        )
    return str(code)


def country_name(code: str) -> str:
    """In the reader's language; the code itself where there is no such country."""
    return str(countries.name(code)) or code


@cache
def _country_codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language_code in NAMED_IN:
        with translation.override(language_code):
            codes |= {_folded(str(official)): code for code, official in COUNTRIES.items()}
            codes |= {_folded(common): code for code, common in countries}
    return codes | MORE_COUNTRY_NAMES


def _folded(name: str) -> str:
    """Without capitals, accents, punctuation and article: "The Netherlands" is "netherlands"."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W\d_]+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "de", "het") else words)


def is_dutch_postcode(value: str) -> bool:
    return bool(dutch_postcode.is_valid(text(value)))


def country_of(country_code: str, postcode_typed: str) -> str:
    """The country, where none is known: the Netherlands when the postcode is Dutch, else still none."""
    return country_code or (HOME if is_dutch_postcode(postcode_typed) else "")


def postcode(value: str, country: str = "") -> str:
    """`1234 AB` for the Netherlands, also where no country is known and it looks Dutch; those of elsewhere stay as they are."""
    typed = text(value)
    if is_dutch_postcode(typed) and country in ("", HOME):
        return str(dutch_postcode.validate(typed))
    if typed and country == HOME:
        raise ValidationError(
            _(
                "“%(seen)s” is not a Dutch postcode, so post would go astray. "
                "Write four digits and two letters, such as 1234 AB, or choose another country."
            )
            % {"seen": shown(typed)}
        )
    return typed


def language(value: str) -> str:
    """Two small letters. Takes a code (nl, nl-NL), or the name in English, Dutch or the language itself."""
    typed = text(value)
    if not typed:
        return ""
    primary = re.split(r"[-_]", typed.lower())[0]
    code = primary if primary in languages() else _language_codes().get(typed.casefold())
    if not code:
        raise ValidationError(
            _("“%(seen)s” is not a language we know. Write its code of two letters, such as nl, en or de.")
            % {"seen": shown(typed)}
        )
    return code


@cache
def languages() -> frozenset[str]:
    """Every code of two letters that stands for a language."""
    return frozenset(code for code, info in LANG_INFO.items() if len(code) == 2 and "name" in info) | MORE_LANGUAGES.keys()


def language_name(code: str) -> str:
    """In the reader's language where Django has it, else in English; the code itself where there is no such language."""
    return translation.gettext(str(LANG_INFO.get(code, {}).get("name") or MORE_LANGUAGES.get(code) or code))


@cache
def _language_codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language_code in NAMED_IN:
        with translation.override(language_code):
            codes |= {language_name(code).casefold(): code for code in languages()}
    return codes | {str(LANG_INFO[code]["name_local"]).casefold(): code for code in languages() if code in LANG_INFO}


# Yes or no ---------------------------------------------------------------------------------------------------------------


def is_email(value: str) -> bool:
    return _passes(email, value)


def is_phone(value: str) -> bool:
    return _passes(phone, value)


def is_country(value: str) -> bool:
    """A code of two letters: a name is not enough here."""
    return value.upper() in countries


def is_language(value: str) -> bool:
    return value.lower() in languages()


def _passes(clean: Callable[[str], str], value: str) -> bool:
    try:
        clean(value)
    except ValidationError:
        return False
    return True


# A whole member ----------------------------------------------------------------------------------------------------------


def member(typed: Mapping[str, str], known: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Clean the fields in `typed` (any of FIELDS) of a member of whom we know `known`.

    Returns (field -> clean value, field -> why it was refused); a field is in one of the two. Postcode and phone are read in the
    light of the country. An empty country becomes NL where the postcode is Dutch; one that is not in `typed` is never made up.
    """
    clean: dict[str, str] = {}
    refused: dict[str, str] = {}

    def take(field: str, cleaner: Callable[[str], str]) -> None:
        try:
            clean[field] = cleaner(typed[field])
        except ValidationError as refusal:
            refused[field] = refusal.messages[0]

    def read_country(value: str) -> str:
        return country_of(country(value), typed.get("postcode", known.get("postcode", "")))

    for field in typed.keys() & {*TEXT_FIELDS}:
        take(field, text)
    for field, cleaner in (("country", read_country), ("email", email), ("language", language), ("iban", iban), ("bic", bic)):
        if field in typed:
            take(field, cleaner)
    home = clean.get("country", known.get("country", ""))
    if "postcode" in typed:
        take("postcode", lambda value: postcode(value, home))
    if "phone" in typed:
        take("phone", lambda value: phone(value, home))
    return clean, refused
