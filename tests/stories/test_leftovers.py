"""What a refusal, a lost answer or an outage leaves behind, and what becomes of it when the world has moved on meanwhile."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError
from django.db import connection as database

from integrations import attention, connections, keep_alive, tokens
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineConnection, ExactOnlineToken, RelationLink
from tests.worlds import World

REFRESH = "oauth2/token"
ACCOUNTS = "crm/Accounts"


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection()


def wake(world: World, connection: ExactOnlineConnection, **delta: float) -> dict[str, int]:
    world.later(**delta)
    return world.drain(connection)


def refused(said: str) -> dict[str, object]:
    """A fault: Exact's 500 with a sentence in it."""
    body = f'{{"error":{{"code":"","message":{{"lang":"","value":"{said}"}}}}}}'
    return {"status": 500, "body": body, "content_type": "application/json"}


# After a lost create ------------------------------------------------------------------------------------------------------


def test_a_field_emptied_after_a_lost_create_is_emptied_in_exact_too(world: World, connection) -> None:
    member = world.member("7", phone="+31612345678")
    world.exact.add_fault("lost", method="POST")
    world.drain(connection)
    world.edit(member, phone="")
    assert wake(world, connection, minutes=3) == {"adopted": 1}
    assert world.relations()["7"]["Phone"] is None


def test_a_field_emptied_after_a_lost_create_stays_where_the_settings_say_leave(world: World) -> None:
    connection = world.connection(emptied="leave")
    member = world.member("7", phone="+31612345678")
    world.exact.add_fault("lost", method="POST")
    world.drain(connection)
    world.edit(member, phone="")
    wake(world, connection, minutes=3)
    assert world.relations()["7"]["Phone"] == "+31612345678"


def test_an_adopted_relation_of_the_bookkeeper_keeps_what_the_member_never_had(world: World, connection) -> None:
    """Refused first under another name: what we tried to send then says nothing about what that relation holds."""
    world.exact.add_account(connection.division, Code="7", Name="Drukkerij Jansen", Phone="010-1234567")
    member = world.member("7", phone="+31612345678")
    assert world.drain(connection) == {"parked": 1}
    world.exact.edit_account(connection.division, "7", Name="J. de Vries")
    world.edit(member, phone="")
    assert world.drain(connection) == {"adopted": 1}
    assert world.relations()["7"]["Phone"] == "010-1234567"


def test_a_member_renamed_after_a_lost_create_still_finds_the_relation_and_renames_it(world: World, connection) -> None:
    member = world.member("7")
    world.exact.add_fault("lost", method="POST")
    world.drain(connection)
    world.edit(member, last_name="Zwart", infix="")
    assert wake(world, connection, minutes=3) == {"adopted": 1}
    assert [row["Name"] for row in world.relations().values()] == ["J. Zwart"]


def test_a_member_who_left_while_an_answer_was_lost_is_looked_up_on_return(world: World, connection) -> None:
    member = world.member("7", city="Ede")
    world.exact.add_fault("lost", method="POST")
    world.drain(connection)
    connection.statuses.clear()
    assert wake(world, connection, hours=1) == {}
    connection.statuses.add(world.status)
    assert world.drain(connection) == {"adopted": 1}
    assert len(world.relations()) == 1
    assert world.link(member).creating_since is None


def test_a_setting_switched_off_during_a_lost_change_leaves_that_field_alone(world: World, connection) -> None:
    member = world.member("7", city="Ede", phone="+31612345678")
    world.drain(connection)
    world.edit(member, phone="+31687654321", city="Delft")
    world.exact.add_fault("drop", method="PUT")
    world.drain(connection)
    ExactOnlineConnection.objects.update(send_phone=False, mapping_revision=2)
    wake(world, connection, minutes=3)
    relation = world.relations()["7"]
    assert (relation["Phone"], relation["City"]) == ("+31612345678", "Delft")
    ExactOnlineConnection.objects.update(send_phone=True, mapping_revision=3)
    world.drain(connection)
    assert world.relations()["7"]["Phone"] == "+31687654321"


# After a refusal ----------------------------------------------------------------------------------------------------------


def test_another_member_number_frees_a_member_whose_code_is_in_use(world: World, connection) -> None:
    """What the page advises has to help."""
    world.exact.add_account(connection.division, Code="7", Name="Drukkerij Jansen")
    member = world.member("7")
    assert world.drain(connection) == {"parked": 1}
    world.edit(member, member_number="70")
    assert world.drain(connection) == {"created": 1}
    assert {code: row["Name"] for code, row in world.relations().items()} == {"7": "Drukkerij Jansen", "70": "J. de Vries"}
    assert world.link(member).code == "70"


def test_a_relation_that_vanished_is_made_again_by_its_own_code_whatever_the_number_is_now(world: World, connection) -> None:
    member = world.member("7")
    world.drain(connection)
    world.exact.delete_account(connection.division, "7")
    world.edit(member, member_number="70", city="Delft")
    assert world.drain(connection) == {"parked": 1}
    RelationLink.objects.all().try_again(world.now())
    assert world.drain(connection) == {"created": 1}
    assert list(world.relations()) == ["7"]


def test_a_relation_that_vanished_is_numbered_anew_where_the_numbering_changed(world: World, connection) -> None:
    world.member("7")
    member = world.member("8", city="Ede")
    world.drain(connection)
    world.exact.delete_account(connection.division, "8")
    world.edit(member, city="Delft")
    world.drain(connection)
    RelationLink.objects.all().try_again(world.now())
    connections.save_settings(connection.pk, connections.version(connection), {"code_start": 500000}, [world.status])
    world.drain(connection)
    assert sorted(world.relations()) == ["500008", "7"]


def test_a_look_up_that_exact_refuses_in_words_holds_up_one_member_only(world: World, connection) -> None:
    first, *_ = world.members(3)
    world.exact.add_fault("lost", method="POST")
    assert world.drain(connection) == {"later": 1}
    world.exact.add_fault("status", method="GET", endpoint=ACCOUNTS, count=0, **refused("Er is een fout opgetreden."))
    assert wake(world, connection, minutes=3) == {"created": 2, "later": 1}
    connection.refresh_from_db()
    assert connection.attention == ""
    world.exact.clear_faults()
    assert wake(world, connection, minutes=6) == {"adopted": 1}
    assert world.link(first).guid


def test_one_member_exact_never_understands_is_parked_at_last(world: World, connection) -> None:
    """Others succeed in between, so it is never two in a row; and a pause of an hour for ever tells nobody."""
    good = world.member("1")
    world.drain(connection)
    bad = world.member("2", last_name="Raadsel")
    for turn in range(8):
        world.exact.add_fault("status", status=400, method="POST", endpoint=ACCOUNTS)
        wake(world, connection, hours=2)
        world.edit(good, city=f"Ede {turn}")
        world.drain(connection)
    connection.refresh_from_db()
    assert connection.attention == ""
    assert world.link(bad).problem == "busy_too_long"


def test_a_look_up_after_a_refusal_stays_within_the_last_call_of_the_minute(world: World, connection) -> None:
    world.exact.add_account(connection.division, Code="7", Name="J. de Vries")
    world.member("1")
    world.drain(connection)  # from here on the limits are known
    connection.refresh_from_db()
    left = connection.minute_left
    world.exact.use_up(world.api_key, connection.division, minute=left - 1)
    ExactOnlineConnection.objects.update(minute_left=1)
    world.member("7")
    world.drain(connection)
    assert not [call for call in world.exact.calls() if call.status == 429]
    assert wake(world, connection, seconds=70) == {"adopted": 1}


# After a fault of the token service ---------------------------------------------------------------------------------------


def test_maintenance_of_many_faces_costs_no_consent(world: World) -> None:
    """First out of order, then "empty chainId", then well again: one of each says nothing yet."""
    token = world.token()
    world.later(minutes=11)
    world.exact.add_fault("status", status=503, method="POST", endpoint=REFRESH)
    with pytest.raises(ConnectionRests):
        tokens.access_token(token.pk, world.now)
    world.later(minutes=2)
    said = '{"error":"invalid_grant","error_description":"Token is not allowed, because of invalid or empty chainId"}'
    world.exact.add_fault("status", status=400, body=said, content_type="application/json", method="POST", endpoint=REFRESH)
    with pytest.raises(ConnectionRests):
        tokens.access_token(token.pk, world.now)
    world.later(minutes=6)
    assert tokens.access_token(token.pk, world.now)


def test_a_pair_lost_on_the_way_is_fetched_again_without_a_person(world: World) -> None:
    """A minute later Exact says "not expired", of the pair that never arrived: no reason yet to call anybody."""
    world.exact.turn(refresh_grace=True)
    connection = world.connection()
    world.member("7")
    world.later(minutes=11)
    world.exact.add_fault("lost", method="POST", endpoint=REFRESH)
    for _ in range(4):
        world.drain(connection)
        connection.refresh_from_db()
        if not connection.resume_at:
            break
        world.later(seconds=max((connection.resume_at - world.now()).total_seconds(), 0) + 1)
    assert connection.attention == ""
    assert list(world.relations()) == ["7"]


def test_a_database_that_is_busy_just_then_loses_no_pair(world: World) -> None:
    token = world.token()
    world.later(minutes=11)
    busy = iter([True])

    def execute(run, sql, params, many, context):
        if sql.startswith("UPDATE") and '"refresh_token"' in sql and next(busy, False):
            raise OperationalError("database is locked")
        return run(sql, params, many, context)

    with database.execute_wrapper(execute):
        fresh = tokens.access_token(token.pk, world.now)
    assert ExactOnlineToken.objects.get().access_token.reveal() == fresh
    assert next(busy, None) is None
    world.later(minutes=11)
    assert tokens.access_token(token.pk, world.now) != fresh


def test_a_spent_day_of_tokens_ends_when_somebody_else_consents(world: World) -> None:
    world.moment = world.moment.replace(hour=12)
    connection = world.connection()
    world.member("7")
    ExactOnlineToken.objects.update(
        calls=180, calls_day=world.moment.date(), refreshable_at=world.moment, expires_at=world.moment
    )
    assert world.drain(connection) == {}
    other = world.token(world.exact.add_user("second", "The second treasurer"))
    ExactOnlineConnection.objects.update(token=other)
    connections.settle_after_consent(other)
    assert world.drain(connection) == {"created": 1}


# Mails --------------------------------------------------------------------------------------------------------------------


class OneStaleAddress(EmailBackend):
    def send_messages(self, messages):
        if messages[0].to == ["gone@example.org"]:
            raise smtplib.SMTPRecipientsRefused({})
        return super().send_messages(messages)


class NoServer(EmailBackend):
    tried = 0

    def send_messages(self, messages):
        NoServer.tried += 1
        raise TimeoutError


@pytest.fixture
def treasurers(django_user_model) -> None:
    for name in ("gone", "treasurer"):
        django_user_model.objects.create_superuser(name, f"{name}@example.org", "x")


def test_one_stale_address_does_not_keep_the_mail_from_the_others(world: World, connection, treasurers, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.OneStaleAddress"
    attention.ask(connection.pk, ConnectionNeedsAttention("consent_lost"), world.now())
    assert [message.to for message in mail.outbox] == [["treasurer@example.org"]]


def test_a_mail_server_that_is_away_is_not_waited_for_once_for_each_of_us(world: World, connection, treasurers, settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.NoServer"
    NoServer.tried = 0
    attention.ask(connection.pk, ConnectionNeedsAttention("consent_lost"), world.now())
    connection.refresh_from_db()
    assert (connection.attention, NoServer.tried) == ("consent_lost", 1)


def test_two_schedulers_at_once_announce_an_ending_consent_once(world: World, connection, treasurers, monkeypatch) -> None:
    ExactOnlineToken.objects.update(issued_at=world.now() - timedelta(days=25))
    [stale] = ExactOnlineToken.objects.all()  # read by the second before the first has written
    monkeypatch.setattr(type(ExactOnlineToken.objects), "idle_since", lambda *args: [stale], raising=False)
    keep_alive.warn_of_ending_consents(world.now())
    keep_alive.warn_of_ending_consents(world.now())
    assert len(mail.outbox) == 2  # one for each treasurer


def test_an_idle_token_of_an_answer_nobody_knows_and_one_that_is_gone_do_not_stop_the_round(world: World, connection) -> None:
    world.later(days=8)
    world.exact.add_fault("status", status=418, method="POST", endpoint=REFRESH)
    keep_alive.refresh_idle_tokens(world.now())
    connection.refresh_from_db()
    assert connection.attention == "unexpected"


# After whatever else happens ----------------------------------------------------------------------------------------------


def test_a_database_that_is_busy_after_a_create_makes_no_second_relation(world: World, connection) -> None:
    member = world.member("7")
    busy = iter([True])

    def execute(run, sql, params, many, context):
        if sql.startswith("INSERT") and "pushattempt" in sql and next(busy, False):
            raise OperationalError("database is locked")
        return run(sql, params, many, context)

    with database.execute_wrapper(execute), pytest.raises(OperationalError):
        world.drain(connection)
    connection.refresh_from_db()
    assert connection.lease_holder == ""
    assert world.drain(connection) == {"adopted": 1}
    assert str(world.link(member).guid) == world.relations()["7"]["ID"]


def test_a_name_that_is_not_sent_changes_nothing_until_it_is(world: World) -> None:
    connection = world.connection(send_name=False)
    member = world.member("7")
    world.drain(connection)
    world.edit(member, last_name="Zwart", infix="")
    assert world.drain(connection) == {"unchanged": 1}
    assert world.relations()["7"]["Name"] == "J. de Vries"
    ExactOnlineConnection.objects.update(send_name=True, mapping_revision=2)
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["Name"] == "J. Zwart"


def test_changed_settings_wake_who_is_parked(world: World, connection) -> None:
    world.exact.add_account(connection.division, Code="7", Name="Jan de Vries", IsSupplier=True)
    world.member("7")
    assert world.drain(connection) == {"parked": 1}
    assert world.drain(connection) == {}
    seen = connections.version(connection)
    connections.save_settings(connection.pk, seen, {"code_start": 500000}, [world.status])
    assert world.drain(connection) == {"created": 1}
    assert sorted(world.relations()) == ["500007", "7"]


def test_a_clock_that_ran_a_day_ahead_and_was_set_right_needs_no_more_than_sync_now(world: World, connection) -> None:
    world.member("7")
    world.moment += timedelta(days=1)  # ours alone
    world.drain(connection)
    world.moment -= timedelta(days=1)
    connection.refresh_from_db()
    connections.sync_now(connection)
    world.later(minutes=11)
    world.drain(connection)
    assert list(world.relations()) == ["7"]
    member = world.member("8")
    assert world.drain(connection) == {"created": 1}
    assert world.link(member).guid


def test_an_administration_that_told_no_limits_is_worked_for_all_the_same(world: World, connection) -> None:
    ExactOnlineConnection.objects.update(minute_limit=60, minute_left=0, minute_resets_at=None, day_limit=None, day_left=0)
    world.member("7")
    assert world.drain(connection) == {"created": 1}


def test_a_refused_change_that_was_limited_meanwhile_is_sent_when_the_limit_ends(world: World, connection) -> None:
    member = world.member("7", city="Ede")
    world.drain(connection)
    world.edit(member, city="Delft")
    world.exact.add_fault("status", status=429, method="PUT")
    world.drain(connection)
    link = world.link(member)
    assert (link.unconfirmed, link.confirmed["City"], link.attempts) == (False, "Ede", 0)
    assert wake(world, connection, seconds=62) == {"changed": 1}
    assert world.writes()[-1].body == {"City": "Delft"}


def test_a_connection_whose_consent_is_gone_altogether_asks_for_one(world: World, connection) -> None:
    ExactOnlineToken.objects.all().delete()
    world.member("7")
    world.drain(connection)
    connection.refresh_from_db()
    assert connection.attention == "consent_lost"


def test_an_answer_nobody_knows_needs_a_person_and_is_looked_up_after_sync_now(world: World, connection) -> None:
    world.member("7")
    world.exact.add_fault("status", status=418, method="POST", endpoint=ACCOUNTS)
    world.drain(connection)
    connection.refresh_from_db()
    assert connection.attention == "unexpected"
    connections.sync_now(connection)
    assert world.drain(connection) == {"created": 1}


def test_a_token_service_out_of_order_does_not_stop_a_token_that_still_works(world: World, connection) -> None:
    world.member("7")
    world.later(seconds=590)
    world.exact.add_fault("status", status=503, method="POST", endpoint=REFRESH, count=0)
    assert world.drain(connection) == {"created": 1}
    world.member("8")
    assert world.drain(connection) == {"created": 1}
    assert len(world.exact.calls(endpoint=REFRESH)) == 1  # and is not asked again before its rest is over
    world.member("9")
    assert wake(world, connection, seconds=11) == {}
    world.exact.clear_faults()
    assert wake(world, connection, minutes=2) == {"created": 1}


def test_a_401_while_the_token_service_is_out_of_order_waits_for_it(world: World, connection) -> None:
    world.member("7")
    world.exact.add_fault("status", status=401, method="POST", endpoint=ACCOUNTS, count=2)
    world.exact.add_fault("status", status=503, method="POST", endpoint=REFRESH)
    world.exact.turn(refresh_minimum_age=0.0)
    assert world.drain(connection) == {}
    connection.refresh_from_db()
    assert (connection.attention, connection.resume_reason) == ("", "token_rests")
    assert wake(world, connection, seconds=30) == {}
    assert sum(wake(world, connection, seconds=40).values()) == 1
    assert len(world.relations()) == 1
    assert [call.status for call in world.exact.calls(endpoint=REFRESH)] == [503, 200]


def test_sync_now_after_a_night_without_tokens_does_not_wait_out_the_longest_pause(world: World, connection) -> None:
    world.member("7")
    world.exact.add_fault("status", status=503, method="POST", endpoint=REFRESH, count=0)
    world.later(minutes=11)
    for _ in range(5):
        world.drain(connection)
        connection.refresh_from_db()
        world.later(seconds=(connection.resume_at - world.now()).total_seconds() + 1)
    world.drain(connection)
    world.exact.clear_faults()
    assert wake(world, connection, hours=1) == {}
    connections.sync_now(connection)
    assert world.drain(connection) == {"created": 1}
