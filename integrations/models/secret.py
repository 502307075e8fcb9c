"""Secrets at rest: encrypted by the first of FIELD_ENCRYPTION_KEYS, readable by any of them.

What comes out of the database is a `Secret`, not text: it opens only on `reveal()`, so that neither a template, nor a log line, nor
the text of an exception can show it by accident, and a page that merely lists connections needs no key.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class SecretUnreadable(Exception):
    """No key in FIELD_ENCRYPTION_KEYS fits: the database was restored beside other keys, or a key was removed too early."""

    def __init__(self) -> None:
        super().__init__(
            "A stored secret cannot be read with any key in FIELD_ENCRYPTION_KEYS. Put the old key back (last in the list)."
        )


def _box() -> MultiFernet:
    return _box_of(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=2)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class Secret:
    """Holds the encrypted form. Empty secrets are falsy."""

    def __init__(self, encrypted: str) -> None:
        self._encrypted = encrypted

    @classmethod
    def seal(cls, text: str) -> Secret:
        return cls(_box().encrypt(text.encode()).decode() if text else "")

    def reveal(self) -> str:
        """The secret in the clear. Raises SecretUnreadable."""
        try:
            return _box().decrypt(self._encrypted.encode()).decode() if self._encrypted else ""
        except InvalidToken:
            raise SecretUnreadable from None

    def rotated(self) -> Secret:
        """The same secret under the first key."""
        return Secret.seal(self.reveal())

    def __bool__(self) -> bool:
        return bool(self._encrypted)

    def __repr__(self) -> str:
        return "<Secret>"

    __str__ = __repr__


if TYPE_CHECKING:
    _Text = models.TextField[Secret | str, Secret]
else:
    _Text = models.TextField


class SecretField(_Text):
    """A text column that holds only ciphertext. Assign text or a Secret; read a Secret."""

    def from_db_value(self, value: str | None, *args: Any) -> Secret:
        return Secret(value or "")

    def to_python(self, value: Any) -> Secret:
        return value if isinstance(value, Secret) else Secret.seal(value or "")

    def get_prep_value(self, value: Any) -> str:
        return self.to_python(value)._encrypted

    def value_to_string(self, obj: models.Model) -> str:
        """dumpdata gives the ciphertext, never the secret."""
        return self.get_prep_value(self.value_from_object(obj))
