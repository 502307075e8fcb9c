"""Secrets at rest: unreadable in the database, invisible by accident, readable by any key of the list."""

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.management import call_command
from django.db import connection

from integrations.models import CongressusConnection, ExactOnlineApp
from integrations.models.secret import Secret, SecretUnreadable

CANARY = "canary-4711"


@pytest.fixture
def app(db: None) -> ExactOnlineApp:
    return ExactOnlineApp.objects.create(site="nl", client_id="abc", client_secret=CANARY)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM integrations_exactonlineapp")
        return cursor.fetchone()[0]


def test_the_database_holds_only_ciphertext(app: ExactOnlineApp) -> None:
    assert CANARY not in stored()
    assert ExactOnlineApp.objects.get().client_secret.reveal() == CANARY


def test_it_is_not_shown_by_accident(app: ExactOnlineApp) -> None:
    read = ExactOnlineApp.objects.get()
    shown = f"{read.client_secret} {read.client_secret!r} {read!r} {vars(read)} {serializers.serialize('json', [read])}"
    assert CANARY not in shown


def test_an_old_key_still_reads_and_rotating_rewrites(app: ExactOnlineApp, settings, capsys) -> None:
    new = Fernet.generate_key().decode()
    before = stored()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    assert ExactOnlineApp.objects.get().client_secret.reveal() == CANARY
    call_command("rotate_secrets")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert stored() != before
    assert ExactOnlineApp.objects.get().client_secret.reveal() == CANARY
    assert CANARY not in capsys.readouterr().out


def test_the_secrets_of_congressus_are_rotated_too(db: None, settings, capsys) -> None:
    names = ("api_key", "webhook_secret", "webhook_header", "webhook_basic")
    CongressusConnection.objects.create(**{name: f"{CANARY}-{name}" for name in names})
    before = list(CongressusConnection.objects.values_list(*names))
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    call_command("rotate_secrets")
    settings.FIELD_ENCRYPTION_KEYS = [new]

    assert CANARY not in str(before)
    kept = CongressusConnection.objects.get()
    assert [getattr(kept, name).reveal() for name in names] == [f"{CANARY}-{name}" for name in names]
    assert CANARY not in capsys.readouterr().out


def test_a_wrong_key_is_told_only_when_the_secret_is_needed(app: ExactOnlineApp, settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    read = ExactOnlineApp.objects.get()
    assert read.client_id == "abc"
    with pytest.raises(SecretUnreadable, match="FIELD_ENCRYPTION_KEYS") as error:
        read.client_secret.reveal()
    assert CANARY not in str(error.value)


def test_nothing_is_empty_and_saving_again_keeps_it(app: ExactOnlineApp) -> None:
    assert not Secret.seal("")
    read = ExactOnlineApp.objects.get()
    read.save()
    assert ExactOnlineApp.objects.get().client_secret.reveal() == CANARY
