"""How a partner is paid and taxed: payout and tax profiles, their versions, their validation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProfilesConfig(AppConfig):
    name = "profiles"
    verbose_name = _("Payout and tax profiles")

    def ready(self) -> None:
        from profiles import audit_wording, fingerprints, gauges, health  # noqa: F401

        fingerprints.register()
