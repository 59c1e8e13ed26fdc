"""Team invitations (rule ACC-5): one use, bound to the e-mail address, stored hashed, seven days."""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Location, Membership, Partner, TeamInvitation, User
from accounts.services import authority, people, roles
from accounts.token_hashes import hash_of
from incentives_portal.core import audit, clock, outbox

A_MOMENT = dt.timedelta(minutes=1)


@dataclass(slots=True)
class Invited:
    """Somebody of whom nothing but the address is known yet."""

    email: str
    language: str
    name: str = ""


@transaction.atomic
def invite(
    *,
    partner: Partner,
    email: str,
    role: str,
    entire_organization: bool,
    locations: Iterable[Location] = (),
    language: str = "",
    by: Any,
) -> TeamInvitation:
    """Invites an address to join with one role; an invitation that it still has from this partner is withdrawn.

    Raises NotAllowedError where `by` may not assign the role, ValidationError where the terms make no sense or the person
    is a member already.
    """
    email = email.strip().lower()
    places = [] if entire_organization else list(locations)
    roles.Terms.asked(entire_organization=entire_organization, locations=places).refuse_nonsense(role)
    authority.require_may_assign(by, partner, role)
    if any(place.partner_id != partner.pk for place in places):
        raise ValidationError(_("A location does not belong to this partner."), code="foreign_location")
    if Membership.objects.filter(partner=partner, user__email=email, removed_at=None).exists():
        raise ValidationError(_("This person is a member already. Assign the role on their page."), code="member")
    # The lock orders two admins who invite the same address at once.
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    pending(partner).filter(email=email).update(withdrawn_at=clock.now())
    token = secrets.token_urlsafe(32)
    invitation = TeamInvitation.objects.create(
        partner=partner,
        email=email,
        language=language or partner.language,
        role=role,
        entire_organization=entire_organization,
        location_ids=sorted(place.pk for place in places),
        token_hash=hash_of(token),
        invited_by=audit.person(by),
        expires_at=clock.now() + dt.timedelta(days=settings.TEAM_INVITATION_DAYS),
    )
    audit.record("team_invitation_sent", invitation, by=by, after={"email": email, "role": role})
    _owe_mail(invitation, token, by)
    return invitation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several addresses: `refusal` says why it was not invited. `again`: it had been, a moment ago."""

    email: str
    refusal: str = ""
    again: bool = False


@transaction.atomic
def invite_all(
    *,
    partner: Partner,
    emails: Iterable[str],
    role: str,
    entire_organization: bool,
    locations: Iterable[Location] = (),
    language: str = "",
    by: Any,
) -> list[Outcome]:
    """Invites several addresses on the same terms, each with its own answer: one that is refused holds no other up.

    An address that the same person invited on the same terms within the last minute is not invited again: that was a second
    press of the same button. Raises NotAllowedError, and ValidationError where the terms make no sense for anybody.
    """
    places = [] if entire_organization else list(locations)
    roles.Terms.asked(entire_organization=entire_organization, locations=places).refuse_nonsense(role)
    # The lock orders two presses of the button; the second one then sees what the first one sent.
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    just_now = pending(partner).filter(
        invited_by=audit.person(by),
        role=role,
        entire_organization=entire_organization,
        location_ids=sorted(place.pk for place in places),
        created_at__gt=clock.now() - A_MOMENT,
    )
    sent = set(just_now.values_list("email", flat=True))
    terms = {"role": role, "entire_organization": entire_organization, "locations": places, "language": language}
    return [_invite_one(partner, email.strip().lower(), terms, sent, by) for email in emails]


def _invite_one(partner: Partner, email: str, terms: dict[str, Any], sent: set[str], by: Any) -> Outcome:
    if email in sent:
        return Outcome(email, again=True)
    try:
        with transaction.atomic():
            invite(partner=partner, email=email, by=by, **terms)
    except ValidationError as refusal:
        return Outcome(email, refusal=" ".join(refusal.messages))
    sent.add(email)
    return Outcome(email)


def _owe_mail(invitation: TeamInvitation, token: str, by: Any) -> None:
    with translation.override(invitation.language):
        action_label = _("Join %(partner)s") % {"partner": invitation.partner.legal_name}
    outbox.owe(
        "team_invitation",
        to=Invited(invitation.email, invitation.language),
        key=f"team_invitation:{invitation.pk}",
        is_secret=True,
        context={
            "invitation": invitation,
            "invited_by": invitation.invited_by or settings.PARTNER_CENTER_NAME,
            "action_url": settings.PORTAL_URL + reverse("join", args=[token]),
            "action_label": action_label,
        },
    )


def pending(partner: Partner) -> QuerySet[TeamInvitation]:
    """The invitations of `partner` that can still be accepted."""
    rows = TeamInvitation.objects.filter(partner=partner, accepted_at=None, withdrawn_at=None)
    return rows.filter(expires_at__gt=clock.DatabaseNow())


@transaction.atomic
def withdraw(*, invitation: TeamInvitation, by: Any) -> None:
    """Takes an invitation back; its link stops working."""
    authority.require_may_assign(by, invitation.partner, invitation.role)
    if not pending(invitation.partner).filter(pk=invitation.pk).update(withdrawn_at=clock.now()):
        raise ValidationError(_("This invitation was accepted, withdrawn or has expired."), code="stale")
    audit.record("team_invitation_withdrawn", invitation, by=by, before={"email": invitation.email})


def find(token: str) -> TeamInvitation:
    """The invitation that `token` opens. Raises ValidationError (codes unknown, used, expired), worded for its holder."""
    invitation = TeamInvitation.objects.select_related("partner", "invited_by").filter(token_hash=hash_of(token)).first()
    if invitation is None or invitation.withdrawn_at is not None:
        raise ValidationError(_("This invitation is not valid. Ask for a new one."), code="unknown")
    if invitation.accepted_at is not None:
        raise ValidationError(_("This invitation was used. Sign in instead."), code="used")
    if invitation.expires_at <= clock.now():
        raise ValidationError(_("This invitation has expired. Ask for a new one."), code="expired")
    return invitation


@transaction.atomic
def accept(*, token: str, name: str = "", password: str = "", by: User | None = None) -> Membership:
    """Joins the partner with the role that was offered. `by`: the signed-in person, None for a new one.

    A new person gives a name and a password. Who has an account signs in first (ValidationError code `sign_in`), under the
    address that was invited (code `other_address`). The role is given in the name of who invited, who must still be allowed to.
    """
    # The row lock makes *one use* true for two clicks at once.
    TeamInvitation.objects.select_for_update().filter(token_hash=hash_of(token)).first()
    invitation = find(token)
    person = by or _new_person(invitation, name, password)
    if person.email != invitation.email:
        raise ValidationError(_("This invitation is for another e-mail address than yours."), code="other_address")
    membership = people.join(person=person, partner=invitation.partner, by=person)
    _give_role(invitation, membership)
    invitation.accepted_at = clock.now()
    invitation.save(update_fields=["accepted_at"])
    audit.record("team_invitation_accepted", invitation, by=person, after={"email": person.email, "role": invitation.role})
    return membership


def _new_person(invitation: TeamInvitation, name: str, password: str) -> User:
    if User.objects.filter(email=invitation.email).exists():
        raise ValidationError(_("You have an account. Sign in to accept the invitation."), code="sign_in")
    draft = User(email=invitation.email, name=name.strip(), language=invitation.language)
    if not draft.name:
        raise ValidationError({"name": _("Enter your name.")})
    try:
        validate_password(password, draft)
    except ValidationError as weak:
        raise ValidationError({"password": weak.messages}) from None
    person = User.objects.create_user(draft.email, password, name=draft.name, language=draft.language)
    # The link came by mail to this address, so it is proven.
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def _give_role(invitation: TeamInvitation, membership: Membership) -> None:
    try:
        roles.assign(
            membership=membership,
            role=invitation.role,
            entire_organization=invitation.entire_organization,
            locations=Location.objects.filter(partner=invitation.partner, pk__in=invitation.location_ids),
            quiet=True,
            by=invitation.invited_by or audit.SYSTEM,
        )
    except policy.NotAllowedError:
        raise ValidationError(
            _("Who invited you may not assign this role any more. Ask for a new invitation."), code="inviter"
        ) from None
