"""One link: what does Exact have to hear about this member, and what does its answer mean?

`decide` says what would happen and touches nothing. `push` does it: every write to Exact is preceded by a committed note that it may happen
(`creating_since`, `unconfirmed`), so that a crash or a lost answer at any point is found and looked up, never repeated blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import IntegrityError, transaction

from integrations import backoff, matching
from integrations.clients import AuthorizedClient
from integrations.exact_online import errors
from integrations.exact_online.accounts import Account, differences
from integrations.failures import ConnectionNeedsAttention, Stopped
from integrations.mapping import Mapped, map_member, relation_code
from integrations.masking import masked
from integrations.models import ExactOnlineConnection, PushAttempt, RelationLink
from integrations.models.link import UNLINKED, Held

Action, Outcome = PushAttempt.Action, PushAttempt.Outcome
# field -> [what Exact held (None = not known), what goes out]
Changes = Mapping[str, Sequence[str | None]]


# What would happen --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Park:
    """A person has to mend something first; no call is made."""

    problem: str


@dataclass(frozen=True)
class Nothing:
    """Exact already holds it; no call is made."""


@dataclass(frozen=True)
class Create:
    """A new relation under this code. `look_first`: one may exist already, an earlier answer was lost."""

    code: str
    fields: dict[str, str]
    look_first: bool


@dataclass(frozen=True)
class Change:
    """These fields of a relation that is known by its guid."""

    fields: dict[str, str]


Decision = Park | Nothing | Create | Change


def decide(link: RelationLink, mapped: Mapped, code_start: int) -> Decision:
    if mapped.missing:
        return Park(mapped.missing[0].value)
    if link.guid is None:
        code = _fixed_code(link) or relation_code(link.member.member_number, code_start)
        if code is None:
            return Park("unusable_code")
        fields = {key: value for key, value in mapped.fields.items() if value}
        return Create(code, fields | {"Name": mapped.name, "Code": code}, look_first=link.creating_since is not None)
    changes = differences(mapped.fields, link.confirmed)
    if link.unconfirmed:
        # Nobody knows what Exact holds now: no short-cut, all that is ours goes out again.
        changes = {key: value for key, value in mapped.fields.items() if value} | changes
    return Change(changes) if changes else Nothing()


def _fixed_code(link: RelationLink) -> str | None:
    """A code that Exact refused binds nobody: another member number must be able to help. One that is or was a relation stays."""
    return link.code if link.creating_since or link.pushed_at else None


# Doing it -----------------------------------------------------------------------------------------------------------------


@dataclass
class Push:
    """One link on its way. `holder` is who holds the lease on the connection: every write to the link demands it."""

    link: RelationLink
    connection: ExactOnlineConnection
    client: AuthorizedClient
    holder: str
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self.member = self.link.member
        self.mapped = Mapped()
        self.done = ""

    def run(self) -> str:
        """Bring Exact up to date with this member; returns what happened: created, changed, adopted, unchanged or parked.

        Raises ConnectionRests, ConnectionNeedsAttention, Stopped, and any ExactError once it is noted on the link.
        """
        self.mapped = map_member(self.member, self.connection.mapping_settings)
        while True:  # looking up or adopting settles one question and raises the next
            match decide(self.link, self.mapped, self.connection.code_start):
                case Park(problem):
                    return self._park(problem)
                case Nothing():
                    return self._settle(self.done or "unchanged")
                case Create(code, _, look_first=True):
                    if (outcome := self._look_up(code)) is not None:
                        return outcome
                case Create(code, fields):
                    if (outcome := self._create(code, fields)) is not None:
                        return outcome
                case Change(fields):
                    return self._change(fields)

    def give_up(self) -> str:
        """Something went wrong in us, not at Exact: wait for a person. What may be under way at Exact stays noted."""
        return self._park("our_mistake", creating_since=self.link.creating_since)

    # Creating

    def _create(self, code: str, fields: dict[str, str]) -> str | None:
        values = {key: value for key, value in fields.items() if key != "Code"}
        try:
            account = self.client.call(
                lambda client: client.create(fields),
                note=lambda: self._announce(code=code, creating_since=self.now(), confirmed=dict.fromkeys(values)),
            )
        except IntegrityError:
            return self._park("code_collision", code=code)
        except errors.ExactError as error:
            return self._not_created(error, code, fields)
        entry = self._entry(Action.CREATE, Outcome.DONE, {key: ["", value] for key, value in values.items()}, status=201)
        return self._settle("created", entry, guid=account.guid, confirmed=values)

    def _not_created(self, error: errors.ExactError, code: str, fields: dict[str, str]) -> str | None:
        log = {key: ["", value] for key, value in fields.items()}
        if error.answer_lost:
            self._later(error, self._entry(Action.CREATE, Outcome.UNKNOWN, log, error))
        if not isinstance(error, errors.Rejected):
            self._failed(error, self._entry(Action.CREATE, Outcome.LATER, log, error), creating_since=None)
        # "Data already exists" comes in the language of the Exact user; whether it does is told by looking, not by reading.
        account = self._find(code)
        if account is not None:
            return self._adopt(account)
        return self._park("rejected", self._entry(Action.CREATE, Outcome.REFUSED, log, error), said=masked(error.said))

    def _look_up(self, code: str) -> str | None:
        account = self._find(code)
        if account is not None:
            return self._adopt(account)
        self._write(creating_since=None)
        return None

    def _find(self, code: str) -> Account | None:
        try:
            return self.client.call(lambda client: client.find_by_code(code))
        except errors.ExactError as error:
            self._failed(error, None)

    def _adopt(self, account: Account) -> str | None:
        """Take a relation that carries our code, if it is plainly this member; None where that succeeded."""
        against = matching.contradiction(account, self.member, self._sent_name(), self.now().date())
        if against is None and self._is_linked_elsewhere(account.guid):
            against = matching.Contradiction.TAKEN
        if against is not None:
            name = account.fields.get("Name", "")
            return self._park("code_in_use", code=account.code, name=name, guid=account.guid, why=against.value)
        entry = self._entry(Action.ADOPT, Outcome.DONE, {})
        known = known_fields(account, self.mapped, sent=self.link.confirmed)
        self._write(entry, guid=account.guid, code=account.code, creating_since=None, confirmed=known)
        self.done = "adopted"
        return None

    def _sent_name(self) -> str:
        """The name it has in Exact if it is ours: that of the create whose answer was lost. The member may have married since."""
        creates = PushAttempt.objects.filter(connection=self.connection, member=self.member, action=Action.CREATE)
        lost = creates.filter(outcome=Outcome.UNKNOWN).first()
        return lost.changes["Name"][1] if lost else self.mapped.name

    def _is_linked_elsewhere(self, guid: str) -> bool:
        return RelationLink.objects.filter(connection=self.connection, guid=guid).exclude(pk=self.link.pk).exists()

    # Changing

    def _change(self, changes: dict[str, str]) -> str:
        before, was_unconfirmed = dict(self.link.confirmed), self.link.unconfirmed
        log = {key: [before.get(key, ""), value] for key, value in changes.items()}

        try:
            self.client.call(
                lambda client: client.update(str(self.link.guid), {key: value or None for key, value in changes.items()}),
                note=lambda: self._announce(unconfirmed=True, confirmed=before | dict.fromkeys(changes, None)),
            )
        except errors.ExactError as error:
            if error.answer_lost:
                self._later(error, self._entry(Action.UPDATE, Outcome.UNKNOWN, log, error))
            self._write(unconfirmed=was_unconfirmed, confirmed=before)
            return self._not_changed(error, log)
        entry = self._entry(Action.UPDATE, Outcome.DONE, log, status=204)
        return self._settle(self.done or "changed", entry, unconfirmed=False, confirmed=before | changes)

    def _not_changed(self, error: errors.ExactError, log: Changes) -> str:
        refused = self._entry(Action.UPDATE, Outcome.REFUSED, log, error)
        match error:
            case errors.Rejected():
                return self._park("rejected", refused, said=masked(error.said))
            case errors.Vanished() | errors.Forbidden(reason=""):
                # 403 and 404 both may mean "no such relation". Asking by filter costs no counted error, by key it would.
                if self._is_gone():
                    return self._park("vanished", refused)
                raise ConnectionNeedsAttention("forbidden", reason="", said=masked(error.said)) from error
        return self._failed(error, self._entry(Action.UPDATE, Outcome.LATER, log, error))

    def _is_gone(self) -> bool:
        try:
            return self.client.call(lambda client: client.find_by_guid(str(self.link.guid))) is None
        except errors.ExactError as error:
            self._failed(error, None)

    # Endings

    def _settle(self, outcome: str, entry: PushAttempt | None = None, **values: object) -> str:
        """Exact holds what this revision says. The revision is the one that was read: an edit made meanwhile stays pending."""
        settled = {
            "pushed_revision": self.member.revision,
            "pushed_mapping": self.connection.mapping_key,
            "pushed_at": self.now(),
            "warnings": self._warnings(),
            "creating_since": None,
        }
        healed = {name: value for name, value in _UNTROUBLED.items() if getattr(self.link, name) != value}
        self._write(entry, **settled | healed | values)
        return outcome

    def _park(
        self, problem: str, entry: PushAttempt | None = None, *, creating_since: datetime | None = None, **details: str
    ) -> str:
        """Wait for a person. Holds for this revision and mapping: mending the member or the settings ends it."""
        self._write(
            entry,
            parked_revision=self.member.revision,
            parked_mapping=self.connection.mapping_key,
            problem=problem,
            problem_details=details,
            warnings=self._warnings(),
            creating_since=creating_since,
            attempts=0,
            not_before=None,
            held=Held.NOT,
        )
        return "parked"

    def _failed(self, error: errors.ExactError, entry: PushAttempt | None, **values: object) -> NoReturn:
        """A failure in which Exact surely wrote nothing. What ails the connection is not held against the relation."""
        if error.concerns == "connection" and not isinstance(error, errors.BadRequest):
            # An UPDATE there must be, also where nothing changes: it tells whether the lease is still ours.
            self._write(entry, **values or {"attempts": self.link.attempts})
            raise error
        self._later(error, entry, **values)

    def _later(self, error: errors.ExactError, entry: PushAttempt | None, **values: object) -> NoReturn:
        """Try this link again after a pause; who drains the connection hears of it by the error."""
        attempts = self.link.attempts + 1
        pause = max(backoff.for_relation(attempts), backoff.AFTER_A_LOST_ANSWER if error.answer_lost else timedelta())
        self._write(entry, attempts=attempts, not_before=self.now() + pause, **values)
        of_relation = error.concerns == "relation" or isinstance(error, errors.BadRequest)
        if attempts >= backoff.GIVE_UP_AFTER and of_relation:
            self._park("busy_too_long", creating_since=self.link.creating_since, said=masked(error.said))
        raise error

    def _warnings(self) -> list[dict[str, str]]:
        return [{"doubt": warned.doubt.value, "field": warned.field} for warned in self.mapped.warnings]

    def _announce(self, **values: object) -> None:
        """Note on the link that a call is coming. In the transaction that renews the lease, so it need not ask for it again."""
        # What a person decided since it was read (another relation, left out) goes before what was about to be done.
        same = RelationLink.objects.filter(pk=self.link.pk, guid=self.link.guid, left_out=False).exclude(held__in=UNLINKED)
        if not same.update(**values):
            raise Stopped
        self._keep(values)

    def _write(self, entry: PushAttempt | None = None, **values: object) -> None:
        """One UPDATE of the link, only while the lease is ours, and the entry for the history. Raises Stopped."""
        try:
            kept = self._save(entry, values)
        except IntegrityError:
            if entry is None:
                raise
            # The member was deleted during the call, or a person gave this relation to another member: look anew.
            raise Stopped from None
        if not kept:
            self._doubt()
            raise Stopped
        self._keep(values)

    def _keep(self, values: Mapping[str, object]) -> None:
        for name, value in values.items():
            setattr(self.link, name, value)

    def _save(self, entry: PushAttempt | None, values: Mapping[str, object]) -> bool:
        with transaction.atomic():
            if entry:
                entry.save(force_insert=True)
            ours = ExactOnlineConnection.objects.filter(pk=self.connection.pk, lease_holder=self.holder)
            return bool(RelationLink.objects.filter(pk=self.link.pk, connection__in=ours.values("pk")).update(**values))

    def _doubt(self) -> None:
        """Somebody else drains now, and our late call may have overwritten what he settled: of that, nothing is known."""
        links = RelationLink.objects.filter(pk=self.link.pk)
        if self.link.guid is None:
            links.update(creating_since=self.link.creating_since)
            return
        sent = {key: None for key, value in self.link.confirmed.items() if value is None}
        with transaction.atomic():
            for settled in links.select_for_update():
                links.update(unconfirmed=True, confirmed=settled.confirmed | sent)

    def _entry(
        self,
        action: PushAttempt.Action,
        outcome: PushAttempt.Outcome,
        changes: Changes,
        error: errors.ExactError | None = None,
        status: int | None = None,
    ) -> PushAttempt:
        return PushAttempt(
            connection=self.connection,
            member=self.member,
            at=self.now(),
            action=action,
            outcome=outcome,
            changes=changes,
            via=self.member.changed_via,
            revision=self.member.revision,
            status=error.status if error else status,
            answer=masked(error.said) if error else "",
        )


_UNTROUBLED: dict[str, object] = {
    "parked_revision": None,
    "parked_mapping": "",
    "problem": "",
    "problem_details": {},
    "attempts": 0,
    "not_before": None,
    "held": Held.NOT,
}


def known_fields(account: Account, mapped: Mapped, sent: Collection[str] = ()) -> dict[str, str]:
    """What to remember of a relation that was there. Where the member has nothing, what Exact has is the bookkeeper's.

    Except for what we `sent` ourselves, in a create whose answer was lost. Where the two differ in spelling only, the bookkeeper's
    spelling stays: it counts as ours, so that it is not written back.
    """
    ours = {key for key, value in mapped.fields.items() if value} | set(sent)
    held = {key: value for key, value in account.fields.items() if key != "Code" and value and key in ours}
    country = mapped.fields.get("Country") or account.fields.get("Country", "")
    alike = {
        key: mapped.fields[key]
        for key, value in held.items()
        if mapped.fields.get(key) and matching.spelled_alike(key, mapped.fields[key], value, country)
    }
    return held | alike
