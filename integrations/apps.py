from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = _("integrations")

    def ready(self) -> None:
        from integrations import bell
        from members.signals import members_changed

        members_changed.connect(bell.on_members_changed, dispatch_uid="bell")
