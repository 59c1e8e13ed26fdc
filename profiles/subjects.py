"""What the automatic checks look at, gathered for any number of validations in a fixed number of queries (rule VAL-2)."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Min
from django.views.decorators.debug import sensitive_variables

from accounts.models import Origin, RoleAssignment
from accounts.roles import PartnerRole
from incentives_portal.core import clock
from profiles import fingerprints
from profiles.checks import Subject
from profiles.models import PayoutProfileVersion, TaxDocument, TaxProfileVersion, Validation
from profiles.services.account_past import RECENT, Past, pasts_of
from profiles.services.cooling_off import cooling_off_given

AnyVersion = PayoutProfileVersion | TaxProfileVersion


@sensitive_variables()
def subject_of(validation: Validation) -> Subject:
    """The facts for the checks of one validation."""
    return subjects_of([validation])[validation.pk]


@sensitive_variables()
def subjects_of(validations: Collection[Validation]) -> dict[uuid.UUID, Subject]:
    """The facts for the checks, by the validation's id. Numbers are decrypted here, and go no further than the checks.

    Raises CannotDecryptError.
    """
    known = _Known.of(validations)
    return {one.pk: _subject(one, known) for one in validations}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is looked up for all of them at once."""

    now: dt.datetime
    elsewhere: Collection[uuid.UUID]
    with_document: Collection[uuid.UUID]
    pasts: Mapping[uuid.UUID, Past]
    by_new_admins: Collection[uuid.UUID]

    @classmethod
    def of(cls, validations: Collection[Validation]) -> "_Known":
        now = clock.now()
        payouts = [one.payout_version for one in validations if one.payout_version is not None]
        taxes = [one.tax_version for one in validations if one.tax_version is not None]
        documents = TaxDocument.objects.filter(profile__among={one.profile_id for one in taxes}, removed_at=None)
        return cls(
            now=now,
            elsewhere=_at_another_partner(payouts) | _at_another_partner(taxes),
            with_document=set(documents.values_list("profile", flat=True)),
            pasts=pasts_of(payouts),
            by_new_admins=_by_new_admins([one for one in validations if one.payout_version_id is not None], now),
        )


@sensitive_variables()
def _subject(validation: Validation, known: _Known) -> Subject:
    version = validation.version
    if isinstance(version, PayoutProfileVersion):
        return Subject(
            kind="payout",
            country=str(version.bank_country),
            legal_name=validation.partner.legal_name,
            identifiers=version.read_identifiers(),
            day=clock.date_of(known.now),
            payment_method=str(version.payment_method),
            account_holder=version.account_holder,
            duplicate_elsewhere=version.pk in known.elsewhere,
            bank_changed_recently=_is_recent(version, known.pasts[version.pk], known.now),
            admin_new_in_role=validation.pk in known.by_new_admins,
        )
    return Subject(
        kind="tax",
        country=str(version.country),
        legal_name=validation.partner.legal_name,
        identifiers=version.read_identifiers(),
        day=clock.date_of(known.now),
        classification=str(version.classification),
        form_kind=str(version.form_kind),
        expires_on=version.expires_on,
        has_document=version.profile_id in known.with_document,
        paying_entity_is_us=validation.paying_entity in settings.US_PAYING_ENTITIES,
        duplicate_elsewhere=version.pk in known.elsewhere,
    )


def _at_another_partner(versions: Collection[AnyVersion]) -> set[uuid.UUID]:
    """Which of the versions, all of one kind, have the number of any version of another partner's profile (rule VAL-6)."""
    alike = {one.pk: fingerprints.alike(one) for one in versions if one.fingerprint is not None}
    if not alike:
        return set()
    model = type(next(iter(versions)))
    same = model._default_manager.filter(fingerprint__in=set[bytes]().union(*alike.values()))
    partners: dict[bytes, set[uuid.UUID]] = {}
    for fingerprint, partner_id in same.values_list("fingerprint", "profile__partner").distinct():
        partners.setdefault(bytes(fingerprint or b""), set()).add(partner_id)
    own = {one.pk: {one.profile.partner_id} for one in versions}
    return {pk for pk, prints in alike.items() if any(partners.get(one, set()) - own[pk] for one in prints)}


def _is_recent(version: PayoutProfileVersion, past: Past, now: dt.datetime) -> bool:
    """Whether the account was changed, or took the place of another profile's, a short while ago (rule PAY-5)."""
    if version.fingerprint is None:
        return False
    took_place = past.took_place_at is not None and past.took_place_at > now - RECENT
    return took_place or _replaces_a_validated_account(version, past, now) or cooling_off_given(version, past, now) is not None


def _replaces_a_validated_account(version: PayoutProfileVersion, past: Past, now: dt.datetime) -> bool:
    """Whether money that went elsewhere until a short while ago would go to this account."""
    if version.created_at < now - RECENT:
        return False
    # An account in place of a credit note is one, too.
    return any(one.is_approved and one.fingerprint not in past.alike for one in past.earlier)


def _by_new_admins(validations: Collection[Validation], now: dt.datetime) -> set[uuid.UUID]:
    """Which were written or submitted by somebody who became incentives admin a short while ago, at a partner that was paid before.

    The usual way of whoever took over an account: first the role, then the bank details. At a partner that is only beginning,
    everybody is new, which tells nothing. Nor does the day on which the feed gave a role: the membership system vouches for it.
    """
    granted = _granted_of(validations)
    lately = {pk: at for pk, at in granted.items() if at >= now - RECENT}
    asked = [one for one in validations if one.pk in lately]
    approved = Validation.objects.filter(
        partner__in={one.partner_id for one in asked}, payout_version__isnull=False, decision=Validation.Decision.APPROVED
    )
    paid_since = dict(approved.values_list("partner").annotate(Min("decided_at")))
    return {one.pk for one in asked if one.partner_id in paid_since and paid_since[one.partner_id] < lately[one.pk]}


def _granted_of(validations: Collection[Validation]) -> dict[uuid.UUID, dt.datetime]:
    """When the last of those who wrote or submitted it became incentives admin of the partner."""
    people = {one.pk: {one.submitted_by_id, one.version.created_by_id} - {None} for one in validations}
    roles = RoleAssignment.objects.exclude(origin=Origin.FEED).filter(
        role=PartnerRole.INCENTIVES_ADMIN,
        ended_at=None,
        partner__in={one.partner_id for one in validations},
        membership__user__in=set().union(*people.values()),
    )
    granted: dict[tuple[uuid.UUID, object], dt.datetime] = {}
    for partner_id, user_id, at in roles.order_by("granted_at").values_list("partner", "membership__user", "granted_at"):
        granted[partner_id, user_id] = at
    last = {
        one.pk: [granted[key] for user_id in people[one.pk] if (key := (one.partner_id, user_id)) in granted] for one in validations
    }
    return {pk: max(ats) for pk, ats in last.items() if ats}
