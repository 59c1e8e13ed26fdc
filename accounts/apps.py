"""Who acts, and for whom: users, partners, locations, roles, policy, sign-in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        from accounts import audit_wording, listeners, second_factor_events  # noqa: F401
        from accounts.sign_in import TOTP_PLACE
        from incentives_portal.core import rotation

        rotation.sealed_in_json("mfa.Authenticator", "data", "secret", "seed", "migrated_codes", bound_to=TOTP_PLACE)
