"""Members and relations of whom the truth is known, written down as people write: the members by themselves, the relations by years of
bookkeepers.

What is drawn here follows how names, addresses and numbers come to differ in life, and knows nothing of how they are compared. The hard
ones (families with one e-mail address, a father and a son with one initial, namesakes, suppliers) are far more frequent than in life.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TypeVar

from congressus_sync.demo import words
from integrations.matching import Person, Relation

Drawn = TypeVar("Drawn")

FIRST_NUMBER = 1001
FIRST_OWN_CODE = 40_001
# How many in a thousand true pairs come with each kind of trouble beside them.
FAMILIES, FATHERS, SPOUSES, NAMESAKES, SUPPLIERS, ENDED, DOUBLED, ORGANISATIONS = 30, 20, 30, 25, 12, 12, 20, 25
ONLY_MEMBERS, STRANGERS = 150, 200

# The lists of the demonstration are short; surnames in life are many, and most are borne by few.
_STEMS = "Bos Veld Brug Molen Dijk Kerk Hof Wester Ooster Noorder Zuider Lange Groene Steen Wolf Haar Linde Eik Berk Kool Zand Heide Roos"
_ENDINGS = "man stra sma inga huis kamp meijer ink horst beek berg hout"
BUILT_SURNAMES = [stem + ending for stem in _STEMS.split() for ending in _ENDINGS.split()]
OFFICIAL = {
    "Jan": "Johannes", "Hans": "Johannes", "Kees": "Cornelis", "Klaas": "Nicolaas", "Guus": "Augustinus", "Bas": "Sebastiaan",
    "Tom": "Thomas", "Els": "Elisabeth", "Rick": "Richard", "Jaap": "Jacob", "Geert": "Gerardus", "Dirk": "Theodorus",
    "Anke": "Johanna", "Ilse": "Elisabeth", "Petra": "Petronella", "Pieter": "Petrus", "Gijs": "Gijsbertus", "Lotte": "Charlotte",
    "Koen": "Coenraad", "Inge": "Ingeborg", "Maarten": "Martinus", "Lieke": "Angelique", "Harm": "Hermanus",
}  # fmt: skip
DOUBLE_CALLED = ("Jan-Willem", "Anne Marie", "Marie-Louise", "Pieter-Jan", "Jan Pieter", "Anna Sophia")
COMPANY_KINDS = ("Bakkerij", "Garage", "Drukkerij", "Schildersbedrijf", "Café", "Administratiekantoor", "Fysiotherapie")
COMPANY_FORMS = ("", "", "B.V.", "BV", "V.O.F.", "& Zn.", "Beheer B.V.")
SOCIETIES = (
    "Stichting Vrienden van {0}",
    "Vereniging {0}",
    "Stichting Jeugdfonds {0}",
    "Tennisvereniging {0}",
    "Stichting {0} Fonds",
)


@dataclass(frozen=True)
class Human:
    """Somebody (or an organisation with its contact person) as they are. `official`: the given names on paper, first to last."""

    called: str
    official: tuple[str, ...]
    infix: str
    last: str
    email: str
    phone: str
    street: str
    house: str
    postcode: str
    woman: bool
    partner: tuple[str, str] | None = None  # infix and last name of whom she or he is married to
    suffix: str = ""
    organisation: str = ""


@dataclass
class Pairs:
    """`truth`: guid of a relation -> key of the member it is; what is nobody's is not in it."""

    persons: list[Person] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    truth: dict[str, int] = field(default_factory=dict)


def generate(pairs: int = 5000, seed: int = 1, by_number: float = 0.9) -> Pairs:
    """At least `pairs` true pairs. `by_number`: the part of the relations whose code is the member's number."""
    books = _Books(random.Random(seed), by_number)
    for _ in range(pairs):
        books.enter(books.draw())
    for kind, per_thousand in (
        (books.family, FAMILIES),
        (books.father_and_son, FATHERS),
        (books.spouses, SPOUSES),
        (books.namesakes, NAMESAKES),
        (books.supplier_on_a_wanted_code, SUPPLIERS),
        (books.ended, ENDED),
        (books.doubled, DOUBLED),
        (books.organisation, ORGANISATIONS),
        (books.only_a_member, ONLY_MEMBERS),
        (books.stranger, STRANGERS),
    ):
        for _ in range(pairs * per_thousand // 1000):
            kind()
    return books.close()


class _Books:
    """People are entered first, and written down when all are known: a code that somebody has, nobody else gets."""

    def __init__(self, rng: random.Random, by_number: float) -> None:
        self.rng = rng
        self.by_number = by_number
        self.members: list[Human] = []
        self.entries: list[tuple[Human, int | None, dict[str, bool]]] = []
        self.on_wanted_codes: list[tuple[Human, int]] = []
        self.emails: set[str] = set()

    # Who there is

    def draw(self) -> Human:
        rng = self.rng
        called = rng.choice(DOUBLE_CALLED) if rng.random() < 0.03 else rng.choice(words.CALLED_NAMES)
        infix, last = surname(rng)
        street, house, postcode = address(rng)
        human = Human(
            called=called,
            official=(*OFFICIAL.get(called, called).replace("-", " ").split(), *further_names(rng)),
            infix=infix,
            last=last,
            email=self.email(called, infix, last),
            phone=mobile(rng),
            street=street,
            house=house,
            postcode=postcode,
            woman=rng.random() < 0.5,
        )
        return replace(human, partner=surname(rng)) if rng.random() < 0.06 else human

    def email(self, called: str, infix: str, last: str) -> str:
        rng = self.rng
        joined = ascii_letters(infix + last)
        name = pick(
            rng,
            (f"{ascii_letters(called)}.{joined}", 40),
            (f"{ascii_letters(called)[0]}.{joined}", 15),
            (f"{ascii_letters(called)[0]}{joined}", 8),
            (f"{ascii_letters(called)}{joined}", 10),
            (f"{ascii_letters(called)}_{rng.randint(50, 99)}", 10),
            (f"{joined}{rng.randint(1, 99)}", 7),
            (f"{rng.choice(('info', 'voetbal', 'zeilen', 'fiets', 'ster'))}{rng.randint(100, 9999)}", 10),
        )
        return self.unused(name)

    def unused(self, name: str) -> str:
        domain = self.rng.choice(("example.org", "example.com", "example.net", "mail.example.org", "student.example.com"))
        address = f"{name}@{domain}"
        while address in self.emails:
            name += str(self.rng.randint(0, 9))
            address = f"{name}@{domain}"
        self.emails.add(address)
        return address

    def enter(self, human: Human, *, member: bool = True, relations: int = 1, **facts: bool) -> None:
        key = None
        if member:
            key = len(self.members)
            self.members.append(human)
        self.entries += [(human, key, facts)] * relations

    def by_chance(self, *humans: Human) -> None:
        """Some of them are members, some have a relation."""
        for human in humans:
            self.enter(human, member=self.rng.random() < 0.7, relations=int(self.rng.random() < 0.75))

    # Who is easily taken for another

    def relative(self, human: Human, called: str = "", **more: str) -> Human:
        """In one house, with one surname."""
        called = called or self.rng.choice([name for name in words.CALLED_NAMES if name != human.called])
        official = (*OFFICIAL.get(called, called).split(), *further_names(self.rng))
        email = self.email(called, human.infix, human.last)
        own = {"called": called, "official": official, "email": email, "phone": mobile(self.rng)}
        return replace(human, partner=None, **own | more)  # type: ignore[arg-type]

    def shared(self, human: Human) -> dict[str, str]:
        """What a household shares: an address for all, or that of one of them; sometimes the phone too."""
        rng = self.rng
        family = self.unused(f"{rng.choice(('familie', 'fam.', ''))}{ascii_letters(human.infix + human.last)}")
        email = {"email": rng.choice((human.email, family))} if rng.random() < 0.55 else {}
        return email | ({"phone": human.phone} if rng.random() < 0.3 else {})

    def family(self) -> None:
        """Brothers and sisters, twins among them; one in three with one initial."""
        first = self.draw()
        shared = self.shared(self.relative(first))  # with a parent, who is not in the books
        names = self.rng.sample(words.CALLED_NAMES, 2)
        if self.rng.random() < 0.33:
            names = [name for name in words.CALLED_NAMES if name[0] == first.called[0]][-2:]
        others = [self.relative(first, name, **shared) for name in names if name != first.called]
        self.by_chance(replace(first, **shared), *others[: self.rng.choice((1, 1, 2))])  # type: ignore[arg-type]

    def father_and_son(self) -> None:
        """One initial; of one in ten the whole called name, and then people mostly say which."""
        father = self.draw()
        same_letter = [name for name in words.CALLED_NAMES if name[0] == father.called[0] and name != father.called]
        if self.rng.random() < 0.1 or not same_letter:
            tell = self.rng.random() < 0.8
            son = self.relative(father, father.called)
            father = replace(father, suffix=self.rng.choice(("sr.", "senior", "Sr")) if tell else "")
            son = replace(son, suffix=self.rng.choice(("jr.", "junior", "jr")) if tell else "")
        else:
            son = self.relative(father, self.rng.choice(same_letter), **self.shared(father))
        if self.rng.random() < 0.3:
            son = replace(son, official=(son.official[0], *father.official[1:]))
        self.by_chance(father, son)

    def spouses(self) -> None:
        """One or both use the other's name; two in five share an e-mail address."""
        one = self.draw()
        infix, last = surname(self.rng)
        shared = self.shared(one) if self.rng.random() < 0.7 else {}
        other = self.relative(one, **shared)
        taken = (one.infix, one.last)
        other = replace(other, infix=infix, last=last, partner=taken) if self.rng.random() < 0.7 else other
        self.by_chance(one, other)

    def namesakes(self) -> None:
        """Not related; some in one town, a few in one street (a postcode is some twenty houses)."""
        one = self.draw()
        street, house, postcode = address(self.rng)
        if self.rng.random() < 0.4:
            street, postcode, house = one.street, one.postcode, other_house(one.house, self.rng)
        called = one.called if self.rng.random() < 0.6 else ""
        other = self.relative(one, called, street=street, house=house, postcode=postcode)
        self.by_chance(one, other)

    def supplier_on_a_wanted_code(self) -> None:
        member, stranger = self.draw(), self.draw()
        if self.rng.random() < 0.5:
            stranger = replace(stranger, organisation=company(stranger, self.rng))
        self.on_wanted_codes.append((stranger, len(self.members)))
        self.enter(member, relations=int(self.rng.random() < 0.5))

    def ended(self) -> None:
        self.enter(self.draw(), **{self.rng.choice(("ended", "blocked", "is_supplier")): True})

    def doubled(self) -> None:
        """One person, two relations: a treasurer who did not look, or an old and a new address."""
        self.enter(self.draw(), relations=2)

    def organisation(self) -> None:
        """And of every second one the person who wrote the member in has a relation too, as a person."""
        contact = self.draw()
        organisation = replace(contact, organisation=society(contact, self.rng), partner=None)
        if self.rng.random() < 0.5:
            organisation = replace(organisation, organisation=company(contact, self.rng))
        self.by_chance(organisation)
        if self.rng.random() < 0.5:
            self.enter(contact, member=self.rng.random() < 0.5, relations=int(self.rng.random() < 0.7))

    def only_a_member(self) -> None:
        self.enter(self.draw(), relations=0)

    def stranger(self) -> None:
        human = self.draw()
        if self.rng.random() < 0.5:
            human = replace(human, organisation=company(human, self.rng))
        self.enter(human, member=False, is_supplier=self.rng.random() < 0.4)

    # Writing down

    def close(self) -> Pairs:
        self.rng.shuffle(self.entries)
        used = {str(FIRST_NUMBER + key) for _, key in self.on_wanted_codes}
        made = Pairs([as_member(human, key, self.rng) for key, human in enumerate(self.members)])
        for human, key in self.on_wanted_codes:
            self.write(made, human, None, str(FIRST_NUMBER + key), is_supplier=True)
        for human, member, facts in self.entries:
            self.write(made, human, member, self.code(member, used), **facts)
        self.rng.shuffle(made.persons)
        self.rng.shuffle(made.relations)
        return made

    def write(self, made: Pairs, human: Human, member: int | None, code: str, **facts: bool) -> None:
        guid = f"{self.rng.getrandbits(128):032x}"
        made.relations.append(replace(as_relation(human, guid, code, self.rng), **facts))
        if member is not None:
            made.truth[guid] = member

    def code(self, member: int | None, used: set[str]) -> str:
        """The member's number, a slip of it, or the bookkeeper's own: mostly far from the numbers of members, sometimes among them."""
        rng = self.rng
        code = str(FIRST_OWN_CODE + len(used))
        if member is not None and rng.random() < self.by_number:
            code = str(FIRST_NUMBER + member)
            code = slip_of_digits(code, rng) if rng.random() < 0.015 else code
        elif rng.random() < 0.08:
            code = str(rng.randint(FIRST_NUMBER, FIRST_NUMBER + 2 * len(self.members)))
        code = str(FIRST_OWN_CODE + len(used)) if code in used else code
        used.add(code)
        return code


# Drawing ------------------------------------------------------------------------------------------------------------------


def pick(rng: random.Random, *weighted: tuple[Drawn, float]) -> Drawn:
    return rng.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]


def surname(rng: random.Random) -> tuple[str, str]:
    """Infix ("" for none) and last name."""
    infixes = [infix for infix, _ in words.INFIXES]
    weights = [weight for _, weight in words.INFIXES]
    infix = rng.choices(["", *infixes], [100 - sum(weights), *weights])[0]
    if infix:
        return infix, rng.choice(words.SURNAMES_AFTER_INFIX)
    return "", rng.choice(words.SURNAMES if rng.random() < 0.35 else BUILT_SURNAMES)


def further_names(rng: random.Random) -> list[str]:
    return rng.choices(words.CALLED_NAMES, k=rng.choice((0, 0, 0, 1, 1, 1, 2, 3)))


def address(rng: random.Random) -> tuple[str, str, str]:
    _, first, last = rng.choice(words.TOWNS)
    postcode = f"{rng.randint(first, last)} {''.join(rng.choices(words.POSTCODE_LETTERS, k=2))}"
    return rng.choice(words.STREETS), f"{rng.randint(1, 240)}{rng.choice(words.HOUSE_ADDITIONS)}", postcode


def other_house(house: str, rng: random.Random) -> str:
    number = int("".join(letter for letter in house.split("-")[0] if letter.isdigit()))
    return str(number + 2 * rng.randint(1, 8))


def mobile(rng: random.Random) -> str:
    """E.164; one in twelve is on the wall at home."""
    if rng.random() < 1 / 12:
        return f"+31{rng.choice(('20', '30', '15', '70'))}{rng.randrange(2_000_000, 7_999_999)}"
    return f"+316{rng.randrange(10_000_000, 59_999_999)}"


def company(owner: Human, rng: random.Random) -> str:
    whole = " ".join(filter(None, (owner.infix, owner.last)))
    whole = f"{owner.called} {whole}" if rng.random() < 0.3 else whole
    kind = rng.choice(COMPANY_KINDS) if rng.random() < 0.8 else ""
    return " ".join(filter(None, (kind, whole, rng.choice(COMPANY_FORMS if kind else COMPANY_FORMS[2:]))))


def society(contact: Human, rng: random.Random) -> str:
    return rng.choice(SOCIETIES).format(f"{rng.choice(BUILT_SURNAMES)}{rng.choice(('', 'se Hoek', 'oord', ' Oost'))}")


def without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def ascii_letters(text: str) -> str:
    return "".join(letter for letter in without_accents(text).lower() if letter.isascii() and letter.isalnum())


def slip_of_digits(number: str, rng: random.Random) -> str:
    """Two neighbours change places, or one is another."""
    at = rng.randrange(1, len(number) - 1)
    if rng.random() < 0.5:
        return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    return number[:at] + str(rng.randint(0, 9)) + number[at + 1 :]


def slip_of_the_pen(text: str, rng: random.Random) -> str:
    """A letter doubled, dropped, changed or swapped, not in front."""
    letters = [at for at in range(1, len(text) - 1) if text[at].isalpha() and text[at + 1].isalpha()]
    if not letters:
        return text
    at = rng.choice(letters)
    slip = rng.choice((text[at] * 2, "", rng.choice("aeinorst"), text[at + 1] + text[at]))
    return text[:at] + slip + text[at + (2 if len(slip) == 2 and slip[0] != slip[1] else 1) :]


# How a member is written down: mostly by the member, in a form with a field for each part ------------------------------------


def as_member(human: Human, key: int, rng: random.Random) -> Person:
    infix, last = own_surname(human, rng)
    if rng.random() < 0.05:
        infix, last = "", f"{infix} {last}".strip()
    has = rng.random
    named = has() < 0.94
    unknown = bool(human.organisation) and has() < 0.5
    return Person(
        key=key,
        code=str(FIRST_NUMBER + key),
        initials=initials(human, rng) if not unknown and (has() < 0.82 or not named) else "",
        first_name=human.called if named and not unknown else "",
        infix="" if unknown else infix,
        last_name="" if unknown else f"{last} {human.suffix}".strip() if human.suffix and has() < 0.5 else last,
        organisation=human.organisation,
        email=human.email if has() < 0.96 else "",
        phone=human.phone if has() < 0.86 else "",
        address=f"{human.street} {human.house}" if has() < 0.94 else "",
        postcode=human.postcode if has() < 0.95 else "",
    )


def own_surname(human: Human, rng: random.Random) -> tuple[str, str]:
    """Who is married chooses: the own name, the partner's, or both with the partner's first."""
    if not human.partner:
        return human.infix, human.last
    infix, last = human.partner
    own = f"{human.infix} {human.last}".strip()
    return pick(rng, ((human.infix, human.last), 55), ((infix, f"{last}-{own}"), 38), ((infix, last), 7))


def initials(human: Human, rng: random.Random) -> str:
    letters = [name[0] for name in human.official]
    written = pick(rng, ("".join(f"{letter}." for letter in letters), 80), ("".join(letters), 14), (" ".join(letters), 6))
    return f"{letters[0]}." if rng.random() < 0.25 else written


# How a relation is written down: by whoever kept the books that year ---------------------------------------------------------


def as_relation(human: Human, guid: str, code: str, rng: random.Random) -> Relation:
    street, house, postcode = (human.street, human.house, human.postcode) if rng.random() < 0.87 else address(rng)
    known = rng.random() < 0.93
    return Relation(
        guid=guid,
        code=code,
        name=(_organisation_in_books(human, rng) if human.organisation else name_in_books(human, rng))[:50].strip(),
        email=_email_in_books(human, rng),
        phone=_phone_in_books(human, rng),
        address=_address_in_books(street, house, rng) if known else "",
        postcode=_postcode_in_books(postcode, rng) if known and rng.random() < 0.97 else "",
    )


def name_in_books(human: Human, rng: random.Random) -> str:
    infix, last = own_surname(human, rng)
    infix, last = _infix_in_books(infix, rng), _last_in_books(last, rng)
    given = _given_in_books(human, rng)
    before = " ".join(filter(None, (infix, last)))
    after = " ".join(filter(None, (last, infix)))
    salutation = rng.choice(("Mevr.", "Mw.", "mevrouw", "Mw")) if human.woman else rng.choice(("Dhr.", "De heer", "dhr", "Hr."))
    name = pick(
        rng,
        (f"{given} {before}", 66),
        (f"{last}, {given} {infix}".strip(), 11),
        (f"{after}, {given}", 5),
        (f"{before}, {given}", 4),
        (f"{before} {given}", 3),
        (f"{salutation} {given} {before}", 6),
        (f"{rng.choice(('drs.', 'ing.', 'mr.', 'dr.', 'ir.'))} {given} {before}", 2),
        (f"{given} {before} {rng.choice(('MSc', 'BSc', 'RA'))}", 0.5),
        (f"{rng.choice(('Fam.', 'Familie', 'fam'))} {before}", 1),
        (f"{salutation} {before}", 0.5),
        (before, 0.5),
    )
    if human.suffix and rng.random() < 0.8:
        name = f"{name} {human.suffix}"
    return _hand(name, rng)


def _given_in_books(human: Human, rng: random.Random) -> str:
    letters = [name[0] for name in human.official]
    whole = pick(
        rng, (".".join(letters) + ".", 70), (". ".join(letters) + ".", 10), ("".join(letters), 10), (" ".join(letters), 10)
    )
    return pick(
        rng,
        (human.called, 42),
        (whole, 34),
        (f"{letters[0]}.", 14),
        (letters[0], 2),
        (f"{human.called[0]}.", 2.5),
        (f"{whole} ({human.called})", 2),
        (" ".join(human.official), 2),
        (human.official[0], 1.5),
    )


def _infix_in_books(infix: str, rng: random.Random) -> str:
    if not infix:
        return ""
    parts = infix.split()
    short = ".".join(part[0] for part in parts) + "." if "'" not in infix else infix
    other = {"van der": "van den", "van den": "van der", "van de": "van der", "ten": "ter", "ter": "ten"}.get(infix, infix)
    return pick(
        rng,
        (infix, 76),
        (infix.capitalize(), 8),
        (short if len(parts) > 1 else infix, 7),
        ("/".join(part[0] for part in parts) if len(parts) > 1 else infix, 3),
        ("".join(part[0] for part in parts) if len(parts) > 1 else infix, 3),
        (infix.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"), 1),
        (other, 1),
        ("", 1),
    )


def _last_in_books(last: str, rng: random.Random) -> str:
    if "-" not in last:
        return last
    first, _, second = last.partition("-")
    return pick(
        rng, (last, 60), (f"{second}-{first}", 10), (f"{first} - {second}", 8), (second, 12), (first, 5), (f"{first} {second}", 5)
    )


def _hand(name: str, rng: random.Random) -> str:
    """The hand that wrote it: accents lost, capitals, double blanks, y for ij, a slip."""
    if rng.random() < 0.6:
        name = without_accents(name)
    if "ij" in name and rng.random() < 0.03:
        name = name.replace("ij", "y")
    if rng.random() < 0.012:
        name = slip_of_the_pen(name, rng)
    return pick(rng, (name, 93), (name.upper(), 4), (name.lower(), 1), (name.replace(" ", "  ", 1), 2))


def _organisation_in_books(human: Human, rng: random.Random) -> str:
    name = human.organisation
    for long, short in (
        ("Stichting", "St."),
        ("Vereniging", "Ver."),
        ("Tennisvereniging", "T.V."),
        ("B.V.", "BV"),
        ("V.O.F.", "VOF"),
    ):
        if name.startswith(long) or name.endswith(long):
            name = name.replace(long, short) if rng.random() < 0.35 else name
    if rng.random() < 0.1:
        name = name.replace(" B.V.", "").replace(" BV", "")
    if rng.random() < 0.06:
        name = f"{name} t.a.v. {human.called} {human.infix} {human.last}"
    return _hand(name, rng)


def _email_in_books(human: Human, rng: random.Random) -> str:
    own = human.email
    return pick(
        rng,
        (own, 71),
        (own.upper() if rng.random() < 0.2 else own.capitalize(), 4),
        ("", 14),
        (f"{ascii_letters(human.called)}{rng.randint(1, 9999)}@old.example.net", 9),
        (slip_of_the_pen(own, rng), 1.5),
        ("penningmeester@club.example.org", 0.5),
    )


def _phone_in_books(human: Human, rng: random.Random) -> str:
    national = f"0{human.phone[3:]}"
    return pick(
        rng,
        (human.phone, 15),
        (national, 18),
        (f"{national[:2]}-{national[2:]}", 12),
        (f"{national[:2]} {national[2:4]} {national[4:6]} {national[6:8]} {national[8:]}", 7),
        (f"0031{human.phone[3:]}", 3),
        (f"+31 (0){human.phone[3]} {human.phone[4:]}", 2),
        ("", 33),
        (mobile(rng), 10),
    )


def _address_in_books(street: str, house: str, rng: random.Random) -> str:
    number = "".join(letter for letter in house.split("-")[0] if letter.isdigit())
    house = pick(
        rng, (house, 80), (number, 8), (house.replace("-", " "), 4), (f"{number} {house[len(number) :].strip()}".strip(), 8)
    )
    street = street.replace("straat", "str.") if rng.random() < 0.05 else street
    return pick(rng, (f"{street} {house}", 96), (f"{street} {house}".upper(), 4))


def _postcode_in_books(postcode: str, rng: random.Random) -> str:
    return pick(rng, (postcode, 58), (postcode.replace(" ", ""), 37), (postcode.lower(), 3), (slip_of_digits(postcode, rng), 2))
