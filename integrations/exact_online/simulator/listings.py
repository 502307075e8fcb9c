"""The rows of the two read-only lists: who am I, and which divisions may I see."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.simulation.clock import Clock

from .ledger import Row
from .world import Division, User


def me_row(user: User, clock: Clock) -> Row:
    """`CurrentDivision` is where this person last worked, which says nothing about where to write."""
    return {
        "UserID": user.user_id,
        "UserName": user.username,
        "FullName": user.full_name,
        "Email": user.email,
        "CurrentDivision": user.current_division,
        "AccountingDivision": user.current_division,
        "Language": "nl-NL" if user.language == "nl" else "en-GB",
        "LanguageCode": "nl-NL" if user.language == "nl" else "en-GB",
        "ServerTime": datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "ServerUtcOffset": 0.0,
        "IsClientUser": False,
    }


def division_row(division: Division, user: User) -> Row:
    return {
        "Code": division.code,
        "Hid": division.code % 1000,
        "Description": division.description,
        "CustomerName": division.customer_name,
        "Country": division.country.ljust(3),
        "Currency": "EUR",
        "Status": division.status,
        "BlockingStatus": division.blocking_status,
        "IsMainDivision": division.is_main,
        "IsDossierDivision": division.is_dossier,
        "IsPracticeDivision": division.is_practice,
        "IsHRDivision": division.is_hr,
        "Current": division.code == user.current_division,
        "DivisionMoveDate": division.move_date,
        "DivisionHRLinkUnlinkDate": division.hr_link_unlink_date,
    }
