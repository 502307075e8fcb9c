"""What is unsafe is refused at the start, with an id, a reason and a way out, and never with the secret itself."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import checks
from pytest_django import Settings

from congressus_sync.checks import refuse_bad_start

KEY = Fernet.generate_key().decode()


def found() -> dict[str, checks.CheckMessage]:
    messages = checks.run_checks(tags=[checks.Tags.security])
    return {message.id or "": message for message in messages if (message.id or "").startswith("congressus_sync.")}


def test_a_clone_is_fine(settings: Settings) -> None:
    assert found() == {}
    refuse_bad_start()


@pytest.mark.parametrize(
    ("wrong", "identity", "reason"),
    [
        ({"SECRET_KEY_IS_MISSING": True}, "E001", "sessions would end at every restart"),
        ({"FIELD_ENCRYPTION_KEYS": []}, "E002", "cannot be stored or read"),
        ({"FIELD_ENCRYPTION_KEYS": [KEY, "a-password"]}, "E003", "something that is not a key"),
        ({"ALLOWED_HOSTS": ["sync.example.org", "*"]}, "E004", "forged Host header"),
        ({"PUBLIC_URL": "sync.example.org"}, "E005", "'sync.example.org', which is not the address of a site"),
        ({"PUBLIC_URL": "https://example.org/sync"}, "E005", "which is not the address of a site"),
        ({"PUBLIC_URL": "http://sync.example.org"}, "E006", "would travel in the clear"),
    ],
)
def test_what_is_unsafe_is_refused(
    settings: Settings, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], identity: str, reason: str
) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)

    [message] = found().values()
    assert message.id == f"congressus_sync.{identity}"
    assert reason in message.msg
    assert message.hint

    with pytest.raises(SystemExit) as ended:
        refuse_bad_start()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert identity in said
    assert reason in said
    assert "a-password" not in said
    assert KEY not in said


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.1:9000", "http://[::1]:8000", "https://sync.example.org"]
)
def test_http_is_for_this_machine_only(settings: Settings, url: str) -> None:
    settings.PUBLIC_URL = url

    assert found() == {}
