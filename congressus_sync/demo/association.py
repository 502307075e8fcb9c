"""Study association De Kern: 250 members as a real administration holds them, with its gaps and its odd ones.

Drawn from word lists by a seeded generator, so that everybody who tries sees the same people. E-mail addresses are on domains
nobody can own, and account numbers have right check digits but fail the older eleven-test, so that no real account bears one.
"""

import random
import unicodedata

from congressus_sync.demo import words
from members.models import ChangedVia, Member, MemberStatus

SEED = 1954
FIRST_NUMBER = 1001
MEMBERS = 250
ADMINISTRATIONS = ("Studievereniging De Kern", "Stichting Lustrum De Kern")
# name, kind, how many
STATUSES = (
    ("Lid", MemberStatus.Kind.ACTIVE, 150),
    ("Alumnus", MemberStatus.Kind.ACTIVE, 55),
    ("Donateur", MemberStatus.Kind.ACTIVE, 25),
    ("Oud-lid", MemberStatus.Kind.ARCHIVED, 15),
    ("Overleden", MemberStatus.Kind.DECEASED, 5),
)
_WITHOUT_EMAIL_EVERY = 19
_WITHOUT_PHONE_EVERY = 7
_WITHOUT_IBAN_EVERY = 11


def people(seed: int = SEED) -> list[Member]:
    """The members as the demonstration begins with them, unsaved: whatever became of them since."""
    statuses = [MemberStatus(name=name, kind=kind) for name, kind, count in STATUSES for _ in range(count)]
    return draw(statuses, random.Random(seed))  # noqa: S311


def draw(statuses: list[MemberStatus], rng: random.Random) -> list[Member]:
    """One unsaved member for each status in the list, in random order, the special ones among them."""
    members = [_person(number, rng) for number in range(FIRST_NUMBER, FIRST_NUMBER + len(statuses))]
    for member, status in zip(rng.sample(members, len(members)), statuses, strict=True):
        member.status = status
    _add_special_ones(members)
    return members


def _person(number: int, rng: random.Random) -> Member:
    called = rng.choice(words.CALLED_NAMES)
    infix, last_name = _surname(rng)
    bank_account, bic = _bank_account(rng)
    address, postcode, city = _address(rng)
    return Member(
        member_number=str(number),
        changed_via=ChangedVia.COMMAND,
        initials=_initials(called, rng),
        first_name=called,
        infix=infix,
        last_name=last_name,
        email="" if number % _WITHOUT_EMAIL_EVERY == 0 else _email(number, called, infix, last_name, rng),
        phone="" if number % _WITHOUT_PHONE_EVERY == 0 else _phone(rng),
        address=address,
        postcode=postcode,
        city=city,
        country="NL",
        language="en" if rng.random() < 0.06 else "nl",
        iban="" if number % _WITHOUT_IBAN_EVERY == 0 else bank_account,
        bic="" if number % _WITHOUT_IBAN_EVERY == 0 else bic,
    )


def _add_special_ones(members: list[Member]) -> None:
    """Organisations, addresses abroad, a name too long for Exact Online, one that looks like nothing, nobody's, and a household."""
    donors = [member for member in members if member.status.name == "Donateur"]
    for donor, organisation in zip(donors, words.ORGANISATIONS, strict=False):
        donor.organisation = organisation
        donor.initials = donor.first_name = donor.infix = donor.last_name = ""
    ordinary = [member for member in members if member.status.name == "Lid"]
    abroad = zip(ordinary[3::12], words.ADDRESSES_ABROAD, strict=False)
    for member, (country, language, address, postcode, city) in abroad:
        member.country, member.language = country, language
        member.address, member.postcode, member.city = address, postcode, city
        member.iban = member.bic = ""
    for field, value in words.LONG_NAME.items():
        setattr(ordinary[10], field, value)
    ordinary[20].last_name, ordinary[20].infix = "Null", ""
    nameless = ordinary[30]
    nameless.initials = nameless.first_name = nameless.infix = nameless.last_name = ""
    _move_in_together(*ordinary[40:42])


def _move_in_together(member: Member, other: Member) -> None:
    """One last name, one address and one e-mail address for the two."""
    member.email = f"familie.{_ascii(member.infix + member.last_name)}@example.org"
    for field in ("infix", "last_name", "email", "address", "postcode", "city"):
        setattr(other, field, getattr(member, field))


def _surname(rng: random.Random) -> tuple[str, str]:
    """Infix ("" for none) and last name; one in twelve is a double name."""
    infixes = [infix for infix, _ in words.INFIXES]
    weights = [weight for _, weight in words.INFIXES]
    infix = rng.choices(["", *infixes], [100 - sum(weights), *weights])[0]
    last_name = rng.choice(words.SURNAMES_AFTER_INFIX if infix else words.SURNAMES)
    return infix, f"{last_name}-{rng.choice(words.SURNAMES)}" if rng.random() < 1 / 12 else last_name


def _initials(called: str, rng: random.Random) -> str:
    further = rng.choices("ACEGHJMPRW", k=rng.choice((0, 0, 1, 1, 2)))
    return "".join(f"{letter}." for letter in (called[0], *further))


def _email(number: int, called: str, infix: str, last_name: str, rng: random.Random) -> str:
    name = _ascii(rng.choice((f"{called}.{infix}{last_name}", f"{called[0]}.{infix}{last_name}", f"{called}{number}")))
    return f"{name}@{rng.choice(('example.org', 'example.com', 'example.net'))}"


def plain(text: str) -> str:
    """As typed on a keyboard without accents."""
    text = text.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _ascii(text: str) -> str:
    return "".join(letter for letter in plain(text).lower() if letter.isalnum() or letter in ".-")


def _phone(rng: random.Random) -> str:
    return f"+316{rng.randrange(10_000_000, 59_999_999)}"


def _address(rng: random.Random) -> tuple[str, str, str]:
    city, first, last = rng.choice(words.TOWNS)
    postcode = f"{rng.randint(first, last)} {''.join(rng.choices(words.POSTCODE_LETTERS, k=2))}"
    house = f"{rng.randint(1, 240)}{rng.choice(words.HOUSE_ADDITIONS)}"
    return f"{rng.choice(words.STREETS)} {house}", postcode, city


def _bank_account(rng: random.Random) -> tuple[str, str]:
    bank, bic = rng.choice(words.BANKS)
    account = f"{rng.randrange(100_000_000, 999_999_999):010d}"
    if passes_eleven_test(account):
        account = account[:-1] + str((int(account[-1]) + 1) % 10)
    digits = "".join(str(int(letter, 36)) for letter in f"{bank}{account}NL00")
    return f"NL{98 - int(digits) % 97:02d}{bank}{account}", bic


def passes_eleven_test(account: str) -> bool:
    """Ten digits, weighted 10 to 1: real Dutch account numbers give a multiple of eleven."""
    return sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), account, strict=True)) % 11 == 0
