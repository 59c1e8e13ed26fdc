"""Bearer tokens of provisioning (rule ACC-5): stored hashed, shown once, rotated without a gap."""

import datetime as dt
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import roles_in_force
from accounts.models import Directory, Partner, RoleAssignment, ScimToken, User
from accounts.roles import PartnerRole
from accounts.services import authority
from accounts.token_hashes import hash_of
from incentives_portal.core import audit, clock, outbox
from incentives_portal.core.clock import DatabaseNow, DatabaseToday

# What scanners for leaked secrets recognise.
PREFIX = "pscim_"
# How long a token goes on counting after another took its place: time to paste the new one into the directory.
OVERLAP = dt.timedelta(hours=24)
TOUCHED_EVERY = dt.timedelta(minutes=1)
# More than anybody can keep apart; a script in a loop stops here.
MOST = 20


def in_force() -> QuerySet[ScimToken]:
    """Tokens that count now."""
    unexpired = Q(expires_on=None) | Q(expires_on__gte=DatabaseToday())
    return ScimToken.objects.filter(unexpired, Q(retires_at=None) | Q(retires_at__gt=DatabaseNow()), revoked_at=None)


@transaction.atomic
def create(
    *, partner: Partner, name: str, expires_on: dt.date | None = None, revoke_others: bool = False, by: Any
) -> tuple[ScimToken, str]:
    """A new token and its text, which is nowhere else and never seen again. The partner's global admins are told by mail.

    Raises NotAllowedError where `by` may not configure sign-in, ValidationError where it would be expired from the start.
    """
    authority.require_may_configure_sign_in(by, partner)
    name = name.strip()
    if not name:
        raise ValidationError(_("Give the token a name, such as that of the directory."), code="name")
    if expires_on is not None and expires_on < clock.today():
        raise ValidationError(_("The expiry date has passed. Choose today or a later day."), code="expired")
    directory, _created = Directory.objects.get_or_create(partner=partner)
    others = list(in_force().filter(directory=directory))
    if revoke_others:
        for other in others:
            revoke(token=other, by=by)
    elif len(others) >= MOST:
        raise ValidationError(_("There are too many tokens. Revoke those that nobody uses."), code="too_many")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ScimToken.objects.create(directory=directory, name=name[:100], token_hash=hash_of(text), expires_on=expires_on)
    audit.record("scim_token_created", token, by=by, partner_id=partner.pk, after=_facts(token))
    _tell(token, by)
    return token, text


@transaction.atomic
def rotate(*, token: ScimToken, by: Any) -> tuple[ScimToken, str]:
    """A token in place of `token`, which counts for another 24 hours at most, or until it is revoked."""
    partner = token.directory.partner
    authority.require_may_configure_sign_in(by, partner)
    old = _standing(token)
    new, text = create(partner=partner, name=old.name, expires_on=old.expires_on, by=by)
    end = clock.now() + OVERLAP
    old.retires_at = min(end, old.retires_at or end)
    old.save(update_fields=["retires_at"])
    audit.record("scim_token_rotated", old, by=by, partner_id=partner.pk, after={**_facts(old), "replaced_by": str(new.pk)})
    return new, text


@transaction.atomic
def revoke(*, token: ScimToken, by: Any) -> None:
    """The token stops counting at once."""
    authority.require_may_configure_sign_in(by, token.directory.partner)
    held = _standing(token)
    held.revoked_at = clock.now()
    held.save(update_fields=["revoked_at"])
    audit.record("scim_token_revoked", held, by=by, partner_id=held.directory.partner_id, before=_facts(held))


def _standing(token: ScimToken) -> ScimToken:
    held = in_force().select_for_update(of=["self"]).select_related("directory__partner").filter(pk=token.pk).first()
    if held is None:
        raise ValidationError(_("This token was revoked or has expired."), code="stale")
    return held


def find(text: str) -> ScimToken | None:
    """The token in force whose text this is. The lookup is by hash, so its time tells nothing about a near miss.

    Remembers that it was used, once a minute at most.
    """
    if not text.startswith(PREFIX):
        return None
    idle = Q(last_used_at=None) | Q(last_used_at__lt=DatabaseNow() - TOUCHED_EVERY)
    rows = in_force().select_related("directory__partner").annotate(is_idle=idle)
    found = rows.filter(token_hash=hash_of(text)).first()
    if found is not None and found.is_idle:
        ScimToken.objects.filter(pk=found.pk).update(last_used_at=DatabaseNow())
    return found


def _facts(token: ScimToken) -> dict[str, Any]:
    """A token as the audit log keeps it: nothing from which it could be guessed."""
    return {"name": token.name, "expires_on": token.expires_on.isoformat() if token.expires_on else None}


def _tell(token: ScimToken, by: Any) -> None:
    partner = token.directory.partner
    held = RoleAssignment.objects.filter(roles_in_force(), partner=partner, role=PartnerRole.GLOBAL_ADMIN)
    context = {"token": token, "partner": partner, "made_by": getattr(by, "name", ""), "path": reverse("provisioning")}
    for admin in User.objects.filter(pk__in=held.values("membership__user")):
        outbox.owe("scim_token", to=admin, key=f"scim_token:{token.pk}:{admin.pk}", context=context)
