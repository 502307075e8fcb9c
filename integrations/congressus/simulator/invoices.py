"""One invoice, because the association's name stands nowhere else in the API: in the financial administration it is made under.

Whoever may not see invoices does not learn it; an association without a name has made none yet.
"""

from __future__ import annotations

from .countries import COUNTRIES, NETHERLANDS
from .fields import Row


def invoices(association: str) -> list[Row]:
    return [_invoice(association)] if association else []


def _invoice(association: str) -> Row:
    address = {
        "address": "Brugstraat 3", "zip": "3511 AA", "city": "Utrecht", "province": "Utrecht",
        "country": COUNTRIES[NETHERLANDS], "lat": None, "lng": None, "location": None,
    }  # fmt: skip
    entity = {
        "id": 311, "client_id": 118, "fullname": association, "name": association, "address": address, "currency": "EUR",
        "vat_number": None, "coc_number": "40480000",
    }  # fmt: skip
    return {
        "id": 52001, "uuid": "6f1c2f4e-9a53-4f0e-8a4d-2c1d7a3b5e60", "entity_id": 311, "entity": entity,
        "invoice_date": "2026-09-01", "invoice_source": "contribution", "invoice_type": "contribution", "delivery_method": "email",
        "invoice_due_date": "2026-10-01", "invoice_status": "open", "invoice_reference": "Contributie 2026-2027",
        "invoice_number": "2026-0001", "member_id": None, "collection_id": None, "use_direct_debit": False, "addressee": "",
        "email": None, "address": None, "items": [], "payments": [], "price_inclusive_vat": "45.00",
        "price_exclusive_vat": "45.00", "vat": "0.00", "price_paid": "0.00", "price_unpaid": "45.00", "currency": "EUR",
        "created": "2026-09-01T08:00:00+00:00", "modified": "2026-09-01T08:00:00+00:00",
    }  # fmt: skip
