"""What Exact accepts in a write to crm/Accounts, and what it makes of it.

Two kinds of refusal, as there: a body that cannot be read is a 400 (BadBody), a body that can be read but breaks a
business rule is a 500 with one sentence per rule (Invalid). Code is settable at creation only; sending it on PUT
is refused even when unchanged. A reference to something that this division does not hold is stored as nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.simulation.chance import Chance
from integrations.simulation.clock import Clock

from .dials import Dials
from .fields import ACCOUNT, Field
from .filters import GUID
from .ledger import CODE_WIDTH, Ledger, Row, stored
from .wording import say
from .world import Division, User

LENGTHS = {
    "Name": 50, "AddressLine1": 80, "AddressLine2": 80, "AddressLine3": 80, "City": 30, "Postcode": 10,
    "Email": 128, "Phone": 25, "Fax": 25, "ChamberOfCommerce": 60, "VATNumber": 35,
}  # fmt: skip
COUNTRY_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(COUNTRY_CODES.split())
CODE = re.compile(rf"(?=.{{{CODE_WIDTH}}}$) *[0-9]+")
RELATIONS = ("InvoiceAccount", "Parent", "Accountant", "Reseller")
EMAIL = re.compile(r"[^@\s;,<>()\[\]\"\\]+@[^@\s;,<>()\[\]\"\\.]+(\.[^@\s;,<>()\[\]\"\\.]+)+")
FORMS = {"Email": EMAIL, "Language": re.compile(r"[A-Z]{2,3}"), "Status": re.compile("[ACPS]")}
WHOLE = {"Byte": (0, 255), "Int16": (-(2**15), 2**15 - 1), "Int32": (-(2**31), 2**31 - 1), "Int64": (-(2**63), 2**63)}


class BadBody(Exception):
    """The body cannot be read: 400."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"Error processing request stream. {detail}")


class Invalid(Exception):
    """A business rule is broken: 500, the message holds all sentences joined by CR LF."""


class Accounts:
    def __init__(self, dials: Dials, clock: Clock, chance: Chance) -> None:
        self._dials, self._clock, self._chance = dials, clock, chance

    def create(self, ledger: Ledger, division: Division, user: User, body: bytes) -> tuple[Row, set[str]]:
        """The new row, and the names that were sent. Raises BadBody, Invalid."""
        values = self._values(body, "P", ledger, user)
        code = values.get("Code") or ledger.next_code()
        faults = list(self._faults({"Name": None, **values}, user.language))
        if not CODE.fullmatch(code):
            faults.append(say("invalid", user.language, "Code"))
        elif ledger.by_code(code):
            faults.append(say("exists", user.language))
        if faults:
            raise Invalid("\r\n".join(faults))
        return self._insert(ledger, division, {**values, "Code": code}, user.user_id), set(values)

    def update(self, ledger: Ledger, guid: str, user: User, body: bytes) -> None:
        """Only what was sent changes. Raises BadBody, Invalid; the guid is known."""
        values = self._values(body, "U", ledger, user)
        faults = list(self._faults(values, user.language))
        if "Code" in values:
            faults.append(say("exists", user.language))
        if faults:
            raise Invalid("\r\n".join(faults))
        ledger.save(ledger.rows[guid], values, self._clock.milliseconds(), user.user_id)

    def delete(self, ledger: Ledger, guid: str, user: User) -> None:
        if guid in ledger.used:
            raise Invalid(say("in use", user.language, "Name"))
        self.strike(ledger, guid, user.user_id)

    def strike(self, ledger: Ledger, guid: str, actor: str) -> None:
        """What somebody deletes in Exact itself; the guid is known."""
        ledger.remove(guid, self._chance.guid(), self._clock.milliseconds(), actor)

    def enter(self, ledger: Ledger, division: Division, values: Row, actor: str) -> Row:
        """What somebody enters in Exact itself; only the Code must be free. Raises ValueError."""
        values = entered(values)
        code = values.get("Code") or ledger.next_code()
        if ledger.by_code(code) or not CODE.fullmatch(code):
            raise ValueError(f"Code {code.strip()} is taken or no number, in division {division.code}")
        return self._insert(ledger, division, {**values, "Code": code}, actor)

    def _insert(self, ledger: Ledger, division: Division, values: Row, actor: str) -> Row:
        now = self._clock.milliseconds()
        born = {"ID": self._chance.guid(), "Type": "A", "Division": division.code, "Created": now, "Creator": actor}
        return ledger.save({}, {**born, **values}, now, actor)

    def _values(self, body: bytes, flag: str, ledger: Ledger, user: User) -> Row:
        values: Row = {}
        for name, value in _parsed(body).items():
            field = ACCOUNT.fields.get(name)
            if field is None and name != "__metadata":
                raise BadBody(f"The property name '{name}' specified for type '{ACCOUNT.type_name}' is not valid.")
            if field and flag in field.flags:
                values[name] = self._kept(field, _converted(field, value, user), ledger)
        return values

    def _kept(self, field: Field, value: Any, ledger: Ledger) -> Any:
        if field.kind == "Guid":
            return value if field.name in RELATIONS and value in ledger.rows else None
        if self._dials.over_length == "truncate" and isinstance(value, str):
            value = _cut(value, LENGTHS.get(field.name, len(value) * 2))
        return stored(field.name, value)

    def _faults(self, values: Row, language: str) -> Iterator[str]:
        if "Name" in values and not (values["Name"] or "").strip():
            yield say("mandatory", language, "Name")
        for name, value in values.items():
            if not isinstance(value, str):
                continue
            if _units(value) > LENGTHS.get(name, _units(value)):
                yield say("too long", language, name)
            elif not _well_formed(name, value.strip()):
                yield say("invalid", language, name)


def entered(values: Mapping[str, Any]) -> Row:
    """Values as somebody types them, in the shape of the database; dates as ISO texts. Raises ValueError for another text."""
    return {name: stored(name, _typed(ACCOUNT.fields.get(name), value)) for name, value in values.items()}


def _typed(field: Field | None, value: Any) -> Any:
    if field is None or field.kind != "DateTime" or not value or not isinstance(value, str):
        return value
    try:
        return _moment(field, value)
    except BadBody:
        raise ValueError(f"{field.name} is no date: {value}") from None


def _well_formed(name: str, value: str) -> bool:
    if name == "Country":
        return value in COUNTRIES
    return name not in FORMS or FORMS[name].fullmatch(value) is not None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadBody("The content of the request is not valid JSON.") from None
    if not isinstance(values, dict):
        raise BadBody("An entry was expected.")
    return values


def _converted(field: Field, value: Any, user: User) -> Any:
    """The value as its Edm type. Raises BadBody; Invalid for a text that should be a guid, as Exact does."""
    if value is None:
        return None
    if field.kind == "Guid" and isinstance(value, str):
        if not GUID.fullmatch(value):
            raise Invalid(say("guid", user.language))
        return value.lower()
    if field.kind == "DateTime" and isinstance(value, str):
        return _moment(field, value)
    if not _is_of(field.kind, value):
        raise BadBody(f"Error in converting value for property '{field.name}' to type '{field.kind}'.")
    return value


def _is_of(kind: str, value: Any) -> bool:
    if kind == "Boolean" or isinstance(value, bool):
        return kind == "Boolean" and isinstance(value, bool)
    if kind in WHOLE:
        return isinstance(value, int) and WHOLE[kind][0] <= value <= WHOLE[kind][1]
    if kind == "Double":
        return isinstance(value, int | float)
    return kind in ("String", "Binary") and isinstance(value, str)


def _moment(field: Field, text: str) -> int:
    milliseconds = re.fullmatch(r"/Date\((-?\d+)\)/", text)
    if milliseconds:
        return int(milliseconds[1])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadBody(f"Error in converting value for property '{field.name}' to type 'DateTime'.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _units(text: str) -> int:
    """Length as the database counts it: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, length: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: length * 2].decode("utf-16-le", "ignore")
