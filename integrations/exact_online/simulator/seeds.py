"""Worlds to begin with.

`demo` is an association with three active divisions, one archived and one blocked, a treasurer who sees all of them,
a second user who sees one, and in each active division some suppliers, whose Codes lie away from member numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulator import Simulator

ACTIVE = {
    1204501: "Studievereniging De Kern",
    1204502: "Stichting Lustrum De Kern",
    1204503: "Borrelcommissie De Kern",
}
ARCHIVED = (1204504, "Studievereniging De Kern (tot 2019)")
BLOCKED = (1204505, "Stichting Symposium De Kern")
SUPPLIERS: list[dict[str, Any]] = [
    {"Code": "90001", "Name": "Drukkerij Het Zetsel", "AddressLine1": "Industrieweg 14", "Postcode": "3542 AD",
     "City": "Utrecht", "Country": "NL", "Email": "facturen@hetzetsel.example", "Phone": "+31302000001"},
    {"Code": "90002", "Name": "Zalencentrum De Brug", "AddressLine1": "Brugstraat 3", "Postcode": "3511 AA",
     "City": "Utrecht", "Country": "NL", "Email": "administratie@debrug.example"},
    {"Code": "90003", "Name": "Drankenhandel Van het Vat", "AddressLine1": "Havenkade 88", "Postcode": "3534 CC",
     "City": "Utrecht", "Country": "NL", "Phone": "+31302000003"},
    {"Code": "90004", "Name": "Webhosting Noord", "City": "Groningen", "Country": "NL",
     "Email": "billing@webhostingnoord.example"},
]  # fmt: skip


def demo(simulator: Simulator) -> None:
    for code, description in ACTIVE.items():
        simulator.add_division(code, description, is_main=code == 1204501)
        for supplier in SUPPLIERS:
            simulator.add_account(code, **supplier, IsSupplier=True, Language="NL")
    simulator.add_division(*ARCHIVED, status=2)
    simulator.add_division(*BLOCKED, blocking_status=1, reason="DivisionBlocked")
    simulator.add_user("penningmeester", "Penningmeester De Kern", email="penningmeester@dekern.example")
    simulator.add_user(
        "borrelcommissie", "Commissaris borrels", email="borrel@dekern.example", divisions=[1204503], language="en"
    )


SEEDS = {"demo": demo}
