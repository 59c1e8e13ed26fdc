"""Connecting a partner's directory (rule ACC-5). Global admins do; all of them are told by mail."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import roles_in_force
from accounts.models import Directory, Partner, RoleAssignment, User
from accounts.roles import PartnerRole
from accounts.services import authority
from accounts.sso import provider as providers
from incentives_portal.core import audit, outbox

# What the mail to the global admins says was done. A change of the mappings is one of roles, which the audit log tells.
TOLD: dict[str, str | Promise] = {
    "sign_in_connected": gettext_lazy("The identity provider was connected or changed."),
    "sign_in_switched": gettext_lazy("Single sign-on was turned on or off, or is required now or no longer."),
    "mail_domain_proven": gettext_lazy("A mail domain was proven. Whoever has an address there can sign in."),
    "mail_domain_removed": gettext_lazy("A mail domain was removed."),
    "group_mapping_saved": gettext_lazy("A group of your directory gives a role now, or other terms of one."),
    "group_mapping_removed": gettext_lazy("A group of your directory gives a role no longer."),
    "sign_in_forgotten": gettext_lazy("Somebody can sign in under a new account of your directory."),
}


@transaction.atomic
def begin(*, partner: Partner, by: Any) -> Directory:
    """The partner's directory, made where there was none: with it come the addresses to enter at the provider."""
    authority.require_may_configure_sign_in(by, partner)
    directory, created = Directory.objects.get_or_create(partner=partner)
    if created:
        audit.record("directory_begun", directory, by=by)
    return directory


def connect(
    *, directory: Directory, issuer: str, client_id: str, client_secret: str = "", groups_claim: str = "groups", by: Any
) -> providers.Provider:
    """Connects the OpenID provider, which is asked now whether it is one. An empty secret keeps the one that is held, for the
    same provider and client: it was entered for them, and whoever names another would be sent it.

    People who are known under another provider or client are matched by their address anew: providers number people
    differently for each. Raises ValidationError, with the field's name where it is about one.
    """
    authority.require_may_configure_sign_in(by, directory.partner)
    try:
        provider = providers.discover(issuer.strip())
    except ValidationError as refusal:
        raise ValidationError({"issuer": refusal.messages}) from refusal
    _connect(directory, provider, client_id.strip(), client_secret.strip(), groups_claim.strip(), by)
    return provider


@transaction.atomic
def _connect(directory: Directory, provider: providers.Provider, client_id: str, secret: str, claim: str, by: Any) -> None:
    directory.refresh_from_db(from_queryset=Directory.objects.select_for_update(no_key=True))
    before = _facts(directory)
    is_another = (directory.issuer, directory.client_id) != (provider.issuer, client_id)
    if not secret and (is_another or directory.client_secret is None):
        raise ValidationError({"client_secret": _("Enter the client secret.")})
    directory.issuer, directory.client_id, directory.groups_claim = provider.issuer, client_id, claim
    if secret:
        directory.client_secret = secret
    after = _facts(directory)
    if before == after and not secret:
        return
    directory.save()
    if is_another:
        directory.people.update(subject="")
    tell(directory, "sign_in_connected", by=by, before=before, after={**after, **({"client_secret": "••••"} if secret else {})})


@transaction.atomic
def switch(*, directory: Directory, is_on: bool, is_required: bool, by: Any) -> None:
    """Turns single sign-on on or off, and says whether it is the only way in. Raises ValidationError.

    Required, people with an address in a proven domain no longer sign in by password, global admins excepted, and sessions
    that they began so no longer act for this partner.
    """
    authority.require_may_configure_sign_in(by, directory.partner)
    directory.refresh_from_db(from_queryset=Directory.objects.select_for_update(no_key=True))
    is_required = is_required and is_on
    if is_on and not (directory.issuer and directory.client_id):
        raise ValidationError(_("Connect your identity provider first."), code="provider")
    if is_on and not directory.domains.filter(proven_at__isnull=False).exists():
        raise ValidationError(_("Prove a mail domain first: nobody could sign in."), code="domain")
    before = _facts(directory)
    directory.is_sign_in_on, directory.is_sign_in_required = is_on, is_required
    if _facts(directory) == before:
        return
    directory.save(update_fields=["is_sign_in_on", "is_sign_in_required"])
    tell(directory, "sign_in_switched", by=by, before=before, after=_facts(directory))


def tell(directory: Directory, act: str, *, by: Any, thing: Any = None, **facts: Any) -> None:
    """The audit entry of a change of the settings, and a mail about it to every global admin in force."""
    entry = audit.record(act, thing or directory, by=by, partner_id=directory.partner_id, **facts)
    admins = RoleAssignment.objects.filter(roles_in_force(), partner=directory.partner_id, role=PartnerRole.GLOBAL_ADMIN)
    context = {
        "what": TOLD[act],
        "detail": str(thing) if thing else "",
        "by": entry.actor_name,
        "partner": directory.partner,
        "path": reverse("sign_in_settings"),
    }
    for admin in User.objects.filter(pk__in=admins.values("membership__user")):
        outbox.owe("sign_in_settings", to=admin, key=f"sign_in_settings:{entry.pk}:{admin.pk}", context=context)


def _facts(directory: Directory) -> dict[str, Any]:
    """The settings as the audit log keeps them: without the secret."""
    fields = ("issuer", "client_id", "groups_claim", "is_sign_in_on", "is_sign_in_required")
    return {name: getattr(directory, name) for name in fields}
