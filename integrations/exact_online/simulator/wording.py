"""The sentences Exact answers a refused write with, in the language of the user who gave consent."""

from __future__ import annotations

FIELD_NAMES = {
    "Name": ("Naam", "Name"), "Email": ("E-mail", "Email"), "Phone": ("Telefoon", "Phone"),
    "AddressLine1": ("Adres", "Address"), "AddressLine2": ("Adres 2", "Address 2"),
    "AddressLine3": ("Adres 3", "Address 3"), "Postcode": ("Postcode", "Postcode"), "City": ("Plaats", "City"),
    "Country": ("Land", "Country"), "Language": ("Taal", "Language"), "Status": ("Status", "Status"),
    "ChamberOfCommerce": ("KvK-nummer", "Chamber of Commerce"), "VATNumber": ("BTW-nummer", "VAT number"),
}  # fmt: skip

SENTENCES = {
    "mandatory": ("Verplicht: {}", "Mandatory: {}"),
    "invalid": ("Ongeldig: {} []", "Invalid: {} []"),
    "too long": ("Ongeldig: {} [] (te lang)", "Invalid: {} [] (too long)"),
    "exists": ("Gegeven bestaat reeds.", "Data already exists."),
    "in use": ("In gebruik: {}", "In use: {}"),
    "guid": ("Niet herkende GUID-indeling.", "Unrecognized Guid format."),
}


def say(sentence: str, language: str, field: str = "") -> str:
    """`sentence` is a key of SENTENCES; any language but Dutch gets English."""
    column = 0 if language.lower().startswith("nl") else 1
    return SENTENCES[sentence][column].format(FIELD_NAMES.get(field, (field, field))[column])
