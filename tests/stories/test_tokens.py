"""The one-time refresh token: spent once, whoever asks, and never lost by a fault that passes."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection as database
from django.utils import timezone

from integrations import keep_alive, tokens
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineConnection, ExactOnlineToken
from tests.running import database_url
from tests.worlds import OTHER_DIVISION, World

REFRESH = "oauth2/token"


@pytest.fixture
def token(world: World) -> ExactOnlineToken:
    return world.token()


def refreshes(world: World) -> list[int]:
    return [call.status for call in world.exact.calls(endpoint=REFRESH)]


def get(world: World, token: ExactOnlineToken) -> str:
    return tokens.access_token(token.pk, world.now)


def test_a_valid_token_is_used_and_not_refreshed(world: World, token) -> None:
    world.later(seconds=574)
    assert get(world, token) == ExactOnlineToken.objects.get().access_token.reveal()
    assert refreshes(world) == []


def test_an_old_token_is_refreshed_once_and_the_pair_is_stored(world: World, token) -> None:
    world.later(seconds=576)
    fresh = get(world, token)
    assert get(world, token) == fresh
    assert refreshes(world) == [200]
    stored = ExactOnlineToken.objects.get()
    assert (stored.version, stored.access_token.reveal(), stored.lease_holder) == (2, fresh, "")


def test_eight_processes_want_a_token_at_once_and_one_refresh_serves_them_all(world: World, token, settings) -> None:
    """Real processes, each with a connection of its own, against an Exact that accepts a refresh token exactly once."""
    past = timezone.now() - timedelta(minutes=20)
    world.exact.turn(clock_offset=1200.0)
    ExactOnlineToken.objects.update(issued_at=past, expires_at=past, refreshable_at=past)
    script = (
        "import django; django.setup(); from integrations import tokens; from integrations.models import ExactOnlineToken;"
        f"print(tokens.access_token({token.pk}))"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "congressus_sync.settings",
        "DATABASE_URL": database_url(),
        "EXACT_ONLINE_BASE_URL": world.exact.base_url,
    }
    database.close()
    processes = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert len(set(answers)) == 1
    assert answers[0]
    assert refreshes(world) == [200]


def test_who_does_not_get_the_lease_gives_up_for_a_while_and_spends_nothing(world: World, token, monkeypatch) -> None:
    monkeypatch.setattr(tokens, "PATIENCE", 0.3)
    world.later(minutes=10)
    assert ExactOnlineToken.objects.claim(token.pk, 1, "somebody else")
    with pytest.raises(ConnectionRests) as rests:
        get(world, token)
    assert rests.value.reason == "token_busy"
    assert refreshes(world) == []


def test_a_lease_of_a_dead_process_runs_out(world: World, token) -> None:
    world.later(minutes=10)
    ExactOnlineToken.objects.update(lease_holder="dead", lease_until=timezone.now() - timedelta(seconds=1))
    assert get(world, token)
    assert refreshes(world) == [200]


def test_a_pair_lost_by_a_crash_is_found_again_while_exact_still_takes_the_old_one(world: World, token) -> None:
    world.exact.turn(refresh_grace=True)
    world.later(minutes=11)
    world.exact.add_fault("lost", method="POST", endpoint=REFRESH)
    with pytest.raises(ConnectionRests):
        get(world, token)
    world.later(minutes=11)
    assert get(world, token)
    assert ExactOnlineToken.objects.get().consent_lost is False


def test_a_pair_lost_for_good_asks_for_consent_again(world: World, token) -> None:
    world.later(minutes=11)
    world.exact.add_fault("lost", method="POST", endpoint=REFRESH)
    with pytest.raises(ConnectionRests):
        get(world, token)
    world.later(minutes=11)
    with pytest.raises(ConnectionNeedsAttention) as problem:
        get(world, token)
    assert problem.value.problem == "consent_lost"
    calls = len(refreshes(world))
    with pytest.raises(ConnectionNeedsAttention):
        get(world, token)
    assert len(refreshes(world)) == calls


def test_maintenance_of_the_token_service_costs_no_consent(world: World, token) -> None:
    world.later(minutes=11)
    world.exact.add_fault("status", status=400, method="POST", endpoint=REFRESH, count=3)
    for pause in (1, 5, 15):
        with pytest.raises(ConnectionRests) as rests:
            get(world, token)
        assert rests.value.until == world.now() + timedelta(minutes=pause)
        world.later(minutes=pause, seconds=1)
    assert get(world, token)


def test_a_revoked_consent_is_asked_twice_and_then_needs_a_person(world: World, token) -> None:
    world.later(minutes=11)
    world.exact.revoke(world.treasurer)
    with pytest.raises(ConnectionRests):
        get(world, token)
    world.later(minutes=6)
    with pytest.raises(ConnectionNeedsAttention) as problem:
        get(world, token)
    assert problem.value.problem == "consent_lost"


def test_a_second_installation_that_refreshed_is_harmless_while_the_token_lives(world: World, token) -> None:
    """Our clock is 20 s ahead of Exact's: "not expired" is the answer, and the token in hand still works."""
    world.moment += timedelta(seconds=590)
    world.exact.turn(clock_offset=560.0)
    assert get(world, token)
    assert refreshes(world) == [400]
    assert get(world, token)
    assert refreshes(world) == [400]


def test_a_401_takes_the_token_of_somebody_quicker_before_it_forces_one(world: World, token) -> None:
    assert tokens.after_401(token.pk, "an older one", world.now) == ExactOnlineToken.objects.get().access_token.reveal()
    assert refreshes(world) == []


def test_a_401_forces_one_refresh_in_ten_minutes(world: World, token) -> None:
    world.exact.turn(refresh_minimum_age=0.0)
    first = ExactOnlineToken.objects.get().access_token.reveal()
    second = tokens.after_401(token.pk, first, world.now)
    assert second != first
    with pytest.raises(ConnectionNeedsAttention):
        tokens.after_401(token.pk, second, world.now)
    assert refreshes(world) == [200]


def test_not_expired_after_a_401_rests_and_then_needs_a_person(world: World, token) -> None:
    refused = ExactOnlineToken.objects.get().access_token.reveal()
    world.exact.turn(refresh_minimum_age=10_000.0)
    with pytest.raises(ConnectionRests) as rests:
        tokens.after_401(token.pk, refused, world.now)
    assert rests.value.until == world.now() + timedelta(minutes=10)
    world.later(minutes=11)
    with pytest.raises(ConnectionNeedsAttention):
        tokens.after_401(token.pk, refused, world.now)


def test_a_wrong_secret_needs_a_person_at_once(world: World, token) -> None:
    world.later(minutes=11)
    token.app.client_secret = "wrong"
    token.app.save()
    with pytest.raises(ConnectionNeedsAttention) as problem:
        get(world, token)
    assert problem.value.problem == "wrong_credentials"


def test_token_calls_stop_at_180_a_day_and_go_on_the_next(world: World, token) -> None:
    world.moment = world.moment.replace(hour=12)
    ExactOnlineToken.objects.update(
        calls=180, calls_day=world.moment.date(), refreshable_at=world.moment, expires_at=world.moment
    )
    with pytest.raises(ConnectionRests) as rests:
        get(world, token)
    assert rests.value.reason == "token_limit"
    assert refreshes(world) == []
    world.moment = rests.value.until
    world.exact.turn(clock_offset=86400.0)
    assert get(world, token)
    assert ExactOnlineToken.objects.get().calls == 1


def test_a_connection_that_is_disabled_for_the_summer_keeps_its_consent(world: World) -> None:
    connection = world.connection(enabled=False)
    for _ in range(9):
        world.later(days=7, hours=1)
        keep_alive.refresh_idle_tokens(world.now())
    assert refreshes(world) == [200] * 9
    ExactOnlineConnection.objects.update(enabled=True)
    world.member()
    assert world.drain(connection) == {"created": 1}


def test_a_consent_that_cannot_be_renewed_is_announced_10_and_3_days_before(world: World, django_user_model) -> None:
    django_user_model.objects.create_superuser("treasurer", "treasurer@example.org", "x")
    world.connection()
    world.exact.add_fault("status", status=503, method="POST", endpoint=REFRESH, count=0)
    sent = {}
    for day in range(1, 30):
        world.later(days=1)
        keep_alive.refresh_idle_tokens(world.now())
        keep_alive.warn_of_ending_consents(world.now())
        if len(mail.outbox) > sum(sent.values()):
            sent[day] = 1
    assert list(sent) == [20, 27]
    assert "ends in 10 days" in mail.outbox[0].body
    assert "ends in 3 days" in mail.outbox[1].body


def test_one_token_that_fails_does_not_keep_the_others_from_being_renewed(world: World, django_user_model) -> None:
    django_user_model.objects.create_superuser("treasurer", "treasurer@example.org", "x")
    broken = world.connection(token=world.token(world.exact.add_user("second", "The second treasurer")))
    fine = world.connection("Lustrum", OTHER_DIVISION)
    world.exact.revoke("second")
    for _ in range(2):
        world.later(days=8)
        keep_alive.refresh_idle_tokens(world.now())
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert (broken.attention, fine.attention) == ("consent_lost", "")
    assert fine.token.issued_at == world.now()
    assert len(mail.outbox) == 1
    assert "Connect again" in mail.outbox[0].body


def test_a_secret_under_a_lost_key_asks_for_attention_and_breaks_nothing_else(world: World, settings) -> None:
    connection = world.connection()
    world.member()
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    world.drain(connection)
    world.later(days=8)
    keep_alive.refresh_idle_tokens(world.now())
    connection.refresh_from_db()
    assert connection.attention == "secret_unreadable"
    assert world.exact.calls(endpoint="crm/Accounts") == []


def test_more_tokens_than_exact_gives_in_a_day_wait_for_the_next(world: World, token) -> None:
    world.moment = world.moment.replace(hour=12)
    world.exact.turn(token_calls_per_day=1, clock_offset=1200.0)
    ExactOnlineToken.objects.update(refreshable_at=world.moment, expires_at=world.moment)
    with pytest.raises(ConnectionRests) as rests:
        get(world, token)
    assert (rests.value.until.hour, rests.value.until.date()) == (0, world.moment.date() + timedelta(days=1))


def test_an_answer_of_the_token_service_nobody_knows_needs_a_person(world: World, token) -> None:
    world.later(minutes=11)
    world.exact.add_fault("status", status=418, method="POST", endpoint=REFRESH)
    with pytest.raises(ConnectionNeedsAttention) as problem:
        get(world, token)
    assert problem.value.problem == "unexpected"
    assert ExactOnlineToken.objects.get().lease_holder == ""


def test_a_refresh_somebody_else_finished_meanwhile_is_taken_over(world: World, token) -> None:
    """The pair in the row changed while our own refresh was refused: theirs is used, nothing is reported."""
    world.later(minutes=11)
    gate = world.exact.gate(method="POST", endpoint=REFRESH)
    got: list[str] = []

    def refresh() -> None:
        try:
            got.append(get(world, token))
        finally:
            database.close()

    slow = threading.Thread(target=refresh)
    slow.start()
    assert gate.wait()
    world.token()  # a new consent: the chain that is being refreshed is dead, and the row holds another pair
    fresh = ExactOnlineToken.objects.get()
    ExactOnlineToken.objects.update(version=fresh.version + 1, access_token=fresh.access_token)
    gate.release()
    slow.join(20)
    assert got == [fresh.access_token.reveal()]
    assert ExactOnlineToken.objects.get().consent_lost is False
