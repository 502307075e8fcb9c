"""Re-encrypt every stored secret under the first key of FIELD_ENCRYPTION_KEYS; then the older keys can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from integrations.models import CongressusConnection, ExactOnlineApp, ExactOnlineToken
from integrations.models.secret import Secret, SecretUnreadable


class Command(BaseCommand):
    help = "Re-encrypt stored secrets under the first key of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = sum(self._rotate(row, "client_secret") for row in ExactOnlineApp.objects.all())
            count += sum(self._rotate(row, "access_token", "refresh_token") for row in ExactOnlineToken.objects.all())
            of_congressus = ("api_key", "webhook_secret", "webhook_header", "webhook_basic")
            count += sum(self._rotate(row, *of_congressus) for row in CongressusConnection.objects.all())
        except SecretUnreadable as error:
            raise CommandError(str(error)) from None
        self.stdout.write(ngettext("%d row is now under the first key.", "%d rows are now under the first key.", count) % count)

    def _rotate(self, row: CongressusConnection | ExactOnlineApp | ExactOnlineToken, *fields: str) -> int:
        old: dict[str, Secret] = {field: getattr(row, field) for field in fields}
        # A token may be refreshed this very moment: write only over what was read.
        changed = type(row)._default_manager.filter(pk=row.pk, **old)
        if not changed.update(**{field: secret.rotated() for field, secret in old.items()}):
            row.refresh_from_db()
            return self._rotate(row, *fields)
        return 1
