"""Who acts, and for whom: users, partners, locations, roles, policy, sign-in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        from accounts import audit_wording, listeners  # noqa: F401
