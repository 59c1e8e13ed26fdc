"""Somebody comes from their partner's provider: who they are here, and whether they may come in (rules ACC-4, ACC-5, ACC-6).

The provider's word has been verified (`accounts.sso`). It is believed about addresses in the domains that this very partner has
proven, and about nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import mail_addresses
from accounts.models import Directory, DirectoryPerson, Membership, User
from accounts.services import directory_roles, people
from accounts.services.authority import require_may_configure_sign_in
from accounts.services.directories import tell
from accounts.services.directory_roles import act_as
from incentives_portal.core import audit
from incentives_portal.core.visible import visible_text

MOST_GROUPS, LONGEST_GROUP = 1000, 200


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who is let in. `kept`: what the last sign-in's groups would have changed and the rules forbid, in words."""

    membership: Membership
    kept: list[str]


def admit(*, directory: Directory, claims: Mapping[str, Any]) -> Admitted:
    """Lets the person in whom the claims speak of: their roles are what their groups give, from this moment.

    Somebody new becomes a member; without a group that gives a role they have none until an admin assigns one. Raises
    ValidationError with a sentence for them; the refusal is kept in the audit log, for the partner's admins to see.
    """
    try:
        with transaction.atomic():
            # One sign-in of a partner at a time: two tabs of somebody new make one person.
            directory.refresh_from_db(from_queryset=Directory.objects.select_for_update(no_key=True))
            return _admit(directory, claims)
    except ValidationError as refusal:
        said = "".join(char for char in str(claims.get("email", "")) if char.isprintable())
        facts = {"reason": refusal.code, "person": said[:254]}
        audit.record("sign_in_refused", directory, by=act_as(directory), after=facts)
        raise


def _admit(directory: Directory, claims: Mapping[str, Any]) -> Admitted:
    if not directory.is_sign_in_on:
        raise ValidationError(_("Your company has turned single sign-on off."), code="off")
    email = _proven_address(directory, claims)
    person = _known(directory, str(claims["sub"]), email) or _new(directory, email, claims)
    _require_welcome(person.membership)
    person.subject = str(claims["sub"])
    _take_groups(person, claims)
    person.save(update_fields=["subject", "claimed_groups"])
    refusals = directory_roles.align(person=person)
    return Admitted(person.membership, [message for refusal in refusals for message in refusal.messages])


def _proven_address(directory: Directory, claims: Mapping[str, Any]) -> str:
    """The address that the provider names, where its domain is proven by this partner. Nothing else may stand in for it."""
    email = claims.get("email")
    if not isinstance(email, str) or not email.strip():
        raise ValidationError(
            _("Your provider did not send your e-mail address. Its admin can add the claim “email”."), code="no_address"
        )
    email = email.strip().lower()
    try:
        validate_email(email)
        visible_text(email)
    except ValidationError:
        raise ValidationError(_("Your provider sent an e-mail address that is none."), code="no_address") from None
    if len(email) > 254:
        raise ValidationError(_("Your provider sent an e-mail address that is none."), code="no_address")
    if claims.get("email_verified", True) not in (True, "true"):
        raise ValidationError(_("Your provider has not verified your e-mail address yet."), code="unverified")
    domain = mail_addresses.domain_of(email)
    if not directory.domains.filter(domain=domain, proven_at__isnull=False).exists():
        raise ValidationError(
            _("%(partner)s has not proven the mail domain %(domain)s, so its directory can't speak for your address.")
            % {"partner": directory.partner, "domain": domain},
            code="domain",
        )
    return email


def _known(directory: Directory, subject: str, email: str) -> DirectoryPerson | None:
    """By the provider's own name for them; the first time by their address, where nobody else stands under it."""
    rows = directory.people.select_related("membership__user", "membership__partner")
    person = rows.filter(subject=subject).first()
    if person is not None:
        return person
    person = rows.filter(membership__user__email=email).first()
    if person is not None and person.subject:
        raise ValidationError(
            _("Your address belongs to another account of your directory. A global admin can let this account in."),
            code="other_subject",
        )
    return person


def _new(directory: Directory, email: str, claims: Mapping[str, Any]) -> DirectoryPerson:
    user = User.objects.filter(email=email).first()
    if user is not None:
        existing = Membership.objects.filter(user=user, partner=directory.partner).first()
        if existing is not None:
            _require_welcome(existing)
        elif not user.is_active:
            raise ValidationError(_("Your account here is closed. Contact support."), code="closed")
    else:
        user = User.objects.create_user(email, name=_name(claims, email), language=_language(directory, claims))
    membership = people.join(person=user, partner=directory.partner, by=act_as(directory))
    return DirectoryPerson.objects.create(directory=directory, membership=membership)


def _require_welcome(membership: Membership) -> None:
    """Who was suspended or removed stays out, whatever the directory says: an admin lets them in again."""
    user = membership.user
    if user.is_superuser or user.operator_roles.exists():
        raise ValidationError(_("This address belongs to the operator, whose people sign in with their password."), code="operator")
    if not user.is_active:
        raise ValidationError(_("Your account here is closed. Contact support."), code="closed")
    if membership.removed_at is not None:
        raise ValidationError(
            _("You were removed from %(partner)s. A global or account admin can invite you again.")
            % {"partner": membership.partner},
            code="removed",
        )
    if membership.suspended_at is not None:
        raise ValidationError(
            _("You are suspended at %(partner)s. A global or account admin can take that back.") % {"partner": membership.partner},
            code="suspended",
        )


def _take_groups(person: DirectoryPerson, claims: Mapping[str, Any]) -> None:
    """The groups of the claim that the directory names. A provider that points elsewhere for them, as Microsoft Entra does
    for people with very many, leaves them as they were, and the audit log says so."""
    claim = person.directory.groups_claim
    said, elsewhere = claims.get(claim), claims.get("_claim_names")
    if said is None and isinstance(elsewhere, dict) and claim in elsewhere:
        audit.record("groups_kept", person.membership, by=act_as(person.directory), after={"reason": "too_many"})
        return
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    groups = {group.strip() for group in listed if isinstance(group, str) and 0 < len(group.strip()) <= LONGEST_GROUP}
    person.claimed_groups = sorted(group for group in groups if group.isprintable())[:MOST_GROUPS]


def _name(claims: Mapping[str, Any], email: str) -> str:
    parts = [claims.get("given_name"), claims.get("family_name")]
    whole = claims.get("name") or " ".join(part for part in parts if isinstance(part, str))
    name = " ".join(str(whole).split())[:200] if isinstance(whole, str) else ""
    try:
        visible_text(name)
    except ValidationError:
        name = ""
    return name or email.partition("@")[0]


def _language(directory: Directory, claims: Mapping[str, Any]) -> str:
    wanted = str(claims.get("locale") or claims.get("xms_pl") or "").replace("_", "-").partition("-")[0].lower()
    return wanted if wanted in dict(settings.LANGUAGES) else directory.partner.language


@transaction.atomic
def forget(*, directory: Directory, email: str, by: Any) -> None:
    """Lets whoever has this address in the directory now come in as the member who had it: for an account that was made anew."""
    require_may_configure_sign_in(by, directory.partner)
    person = directory.people.filter(membership__user__email=email.strip().lower()).exclude(subject="").first()
    if person is None:
        raise ValidationError(_("Nobody with this address has signed in by your directory."), code="unknown")
    person.subject = ""
    person.save(update_fields=["subject"])
    tell(directory, "sign_in_forgotten", by=by, thing=person.membership, after={"person": person.membership.user.email})
