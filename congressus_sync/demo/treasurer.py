"""The one who may log in to the demonstration. The password stands in a file, so that every start can tell it again."""

import secrets
from pathlib import Path

from congressus_sync import keys
from congressus_sync.models import User

USERNAME = "treasurer"
# No letters or digits that are mistaken for one another
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def ensure(password_file: Path) -> None:
    """Afterwards the account is there, and the file too, unless somebody has chosen a password of his own."""
    user = User.objects.filter(username=USERNAME).first()
    if user is None:
        keys.write_once(password_file, _new_password())
        User.objects.create_superuser(USERNAME, password=keys.read(password_file))
    elif not user.check_password(keys.read(password_file)):
        password_file.unlink(missing_ok=True)


def _new_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
