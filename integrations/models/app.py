"""What an association registered at Exact Online: an app of its own, on one site."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.exact_online import hosts
from integrations.models.secret import SecretField


class Site(models.TextChoices):
    """The countries of Exact Online. Each has its own users, apps and data; the codes are those of the sealed client."""

    NL = "nl", _("Netherlands (start.exactonline.nl)")
    BE = "be", _("Belgium (start.exactonline.be)")
    DE = "de", _("Germany (start.exactonline.de)")
    FR = "fr", _("France (start.exactonline.fr)")
    ES = "es", _("Spain (start.exactonline.es)")
    UK = "uk", _("United Kingdom (start.exactonline.co.uk)")
    COM = "com", _("United States (start.exactonline.com)")


class ExactOnlineApp(models.Model):
    site = models.CharField(_("Exact Online site"), max_length=3, choices=Site, default=Site.NL)
    client_id = models.CharField(_("Client ID"), max_length=100)
    client_secret = SecretField(_("Client secret"))

    class Meta:
        constraints = (models.UniqueConstraint(fields=("site", "client_id"), name="one_app_per_site_and_client_id"),)

    def __str__(self) -> str:
        return f"{self.client_id} ({self.site})"

    def base_url(self) -> str:
        from django.conf import settings

        return hosts.base_url(self.site, settings.EXACT_ONLINE_BASE_URL)
