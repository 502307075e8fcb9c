"""A small world for stories: an Exact Online in a box, an association, and a connection between them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from finance.models import FinancialAdministration
from integrations import connections, runs
from integrations.drain import Drain
from integrations.exact_online.simulator import App, Call, Simulator, User
from integrations.models import ExactOnlineApp, ExactOnlineConnection, ExactOnlineToken, RelationLink, SyncRun
from members.models import Member, MemberStatus

DIVISION = 1204501
OTHER_DIVISION = 1204502
REDIRECT_URI = "http://localhost:8000/settings/integrations/exact-online/configs/authorize"


class World:
    """What the association sees (members, connections) and what Exact holds (relations, calls). Time stands still until told."""

    def __init__(self, exact: Simulator) -> None:
        self.exact = exact
        self.moment = timezone.now()
        exact.add_division(DIVISION, "Studievereniging De Kern")
        exact.add_division(OTHER_DIVISION, "Stichting Lustrum")
        self.treasurer: User = exact.add_user("treasurer", "The treasurer", current_division=OTHER_DIVISION)
        self.api_key: App = exact.add_app("Congressus", REDIRECT_URI)
        self.status = MemberStatus.objects.create(name="Lid")
        self.former = MemberStatus.objects.create(name="Oud-lid", kind=MemberStatus.Kind.ARCHIVED)

    # The association

    def member(self, number: str = "7", **fields: Any) -> Member:
        defaults = {"status": self.status, "initials": "J.", "first_name": "Jan", "infix": "de", "last_name": "Vries"}
        return Member.objects.create(member_number=number, **defaults | fields)

    def members(self, count: int, start: int = 1) -> list[Member]:
        """Written as an import would."""
        rows = [
            Member(
                member_number=str(number), status=self.status, initials="A.", last_name=f"Bakker {number}", changed_via="import"
            )
            for number in range(start, start + count)
        ]
        return Member.objects.bulk_create(rows)

    def edit(self, member: Member, **fields: Any) -> Member:
        """As a person does on the edit page, always from what is stored now."""
        fresh = Member.objects.get(pk=member.pk)
        for name, value in fields.items():
            setattr(fresh, name, value)
        fresh.changed_via = "person"
        fresh.save()
        return fresh

    # The connection

    def token(self, user: User | None = None, api_key: App | None = None) -> ExactOnlineToken:
        """The stored consent of a user for an app, given just now."""
        user, api_key = user or self.treasurer, api_key or self.api_key
        app, _ = ExactOnlineApp.objects.get_or_create(
            site="nl", client_id=api_key.client_id, defaults={"client_secret": api_key.client_secret}
        )
        pair = self.exact.consent(user, api_key)
        life = timedelta(seconds=int(pair["expires_in"]))
        return ExactOnlineToken.objects.update_or_create(
            app=app,
            exact_user=user.user_id,
            defaults={
                "exact_user_name": user.full_name,
                "access_token": pair["access_token"],
                "refresh_token": pair["refresh_token"],
                "issued_at": self.moment,
                "expires_at": self.moment + life,
                "refreshable_at": self.moment + life - timedelta(seconds=25),
                "consent_lost": False,
            },
        )[0]

    def connection(
        self, name: str = "De Kern", division: int = DIVISION, *, enabled: bool = True, braking: bool = False, **fields: Any
    ) -> ExactOnlineConnection:
        """`braking`: what an import brings from now on is nobody's choice yet, as in life; else all of it is meant."""
        token = fields.pop("token", None) or self.token()
        books, _ = FinancialAdministration.objects.get_or_create(name=name)
        connection = ExactOnlineConnection.objects.create(
            financial_administration=books,
            app=token.app,
            token=token,
            division=division,
            enabled=enabled,
            was_enabled=enabled,
            enabled_at=self.moment if enabled else None,
            approved_at=self.moment if braking else self.moment + timedelta(days=3650),
            **fields,
        )
        connection.statuses.add(self.status)
        return connection

    def now(self) -> datetime:
        return self.moment

    def later(self, **delta: float) -> None:
        """Time passes, for us and for Exact alike."""
        step = timedelta(**delta)
        self.moment += step
        self.exact.turn(clock_offset=self.exact.dials.clock_offset + step.total_seconds())

    def drain(self, connection: ExactOnlineConnection) -> dict[str, int]:
        """One stay of the drainer; what happened to how many links."""
        counts = dict(Drain(connection.pk, self.now).run().counts)
        runs.settle(self.moment, connection.pk)
        return counts

    def compare(self, connection: ExactOnlineConnection) -> SyncRun:
        """Somebody chooses Compare with Exact, and the worker does it."""
        return self.go_on(runs.start(connection, SyncRun.Kind.COMPARE, None))

    def enable(self, connection: ExactOnlineConnection) -> SyncRun:
        """Somebody chooses Enable, and the worker compares; sending is the drain's."""
        assert connections.enable(connection)
        return self.go_on(SyncRun.objects.going().get(connection=connection))

    def go_on(self, run: SyncRun) -> SyncRun:
        """What the worker does for a run until it can do no more."""
        while runs.go_on(run.pk, self.now):
            pass
        run.refresh_from_db()
        return run

    def link(self, member: Member, connection: ExactOnlineConnection | None = None) -> RelationLink:
        links = RelationLink.objects.filter(member=member)
        return (links.filter(connection=connection) if connection else links).get()

    # Exact Online

    def relation(self, code: str, name: str = "J. de Vries", division: int = DIVISION, **fields: Any) -> str:
        """One that the bookkeeper made; its guid."""
        guid: str = self.exact.add_account(division, Code=code, Name=name, Status="C", **fields)["ID"]
        return guid

    def relations(self, division: int = DIVISION) -> dict[str, dict[str, Any]]:
        """Code -> relation, as Exact holds it now."""
        return {row["Code"]: row for row in self.exact.accounts(division)}

    def writes(self, division: int | None = None) -> list[Call]:
        return [
            call for call in self.exact.calls(division=division) if call.method in ("POST", "PUT", "DELETE") and call.division
        ]
