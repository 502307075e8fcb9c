from django.apps import AppConfig


class CongressusSyncConfig(AppConfig):
    name = "congressus_sync"
    verbose_name = "congressus_sync"

    def ready(self) -> None:
        from congressus_sync import celery, checks, logs  # noqa: F401  (checks register themselves; tasks find their app)

        logs.configure()
