"""What the automatic checks look at, gathered for any number of validations in a fixed number of queries (rule VAL-2)."""

import datetime as dt
import json
import uuid
from collections.abc import Collection
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F, Min
from django.views.decorators.debug import sensitive_variables

from accounts.models import Origin, RoleAssignment
from accounts.roles import PartnerRole
from incentives_portal.core import clock
from incentives_portal.core.fragments import rows_of, sql
from incentives_portal.core.secrets import decrypt
from profiles import fingerprints
from profiles.announcements import Reviewed
from profiles.checks import Subject
from profiles.models import PayoutProfileVersion, TaxDocument, TaxProfileVersion, Validation
from profiles.models.validation import Kind
from profiles.services.account_past import RECENT, Past, pasts_of
from profiles.services.cooling_off import cooling_off_given

# What a version's checks ask of its validation. A version may have several, one for each paying entity.
_OF_VALIDATION = {
    "validation": F("validations__pk"),
    "paying_entity": F("validations__paying_entity"),
    "submitted_by": F("validations__submitted_by"),
    "partner": F("validations__partner"),
    "company": F("validations__partner__legal_name"),
}
_ELSEWHERE = {
    kind: f"""
SELECT DISTINCT own.id FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS own (id, partner_id, fingerprint)
JOIN profiles_{kind}profileversion v USING (fingerprint)
JOIN profiles_{kind}profile p ON p.id = v.profile_id AND p.partner_id <> own.partner_id
"""  # noqa: S608
    for kind in ("payout", "tax")
}


class _Form(NamedTuple):
    """As much of a tax form as its checks ask: there is one for each location of a partner, and most of what is checked is forms."""

    validation: uuid.UUID
    paying_entity: str
    partner: uuid.UUID
    company: str
    pk: uuid.UUID
    profile_id: uuid.UUID
    country: str
    classification: str
    form_kind: str
    expires_on: dt.date | None
    identifiers: bytes
    fingerprint: bytes

    def read_identifiers(self) -> dict[str, str]:
        """The identifiers in clear, as the version itself reads them. Raises CannotDecryptError."""
        return json.loads(decrypt(self.identifiers, place=_IDENTIFIERS.place_of(self.pk)))  # type: ignore[no-any-return]


_IDENTIFIERS: Any = TaxProfileVersion._meta.get_field("identifiers")
# In the order of `_Form`.
_OF_FORM = (
    *("validations__pk", "validations__paying_entity", "validations__partner", "validations__partner__legal_name"),
    *("pk", "profile", "country", "classification", "form_kind", "expires_on", "identifiers", "fingerprint"),
)


@sensitive_variables()
def subject_of(validation: Validation) -> Subject:
    """The facts for the checks of one validation."""
    return subjects_of([validation])[validation.pk]


@sensitive_variables()
def subjects_of(validations: Collection[Reviewed]) -> dict[uuid.UUID, Subject]:
    """The facts for the checks, by the validation's id. Numbers are decrypted here, and go no further than the checks.

    Raises CannotDecryptError.
    """
    now = clock.now()
    payouts, taxes = ([one.pk for one in validations if one.kind == kind] for kind in ("payout", "tax"))
    return (_of_payouts(payouts, now) if payouts else {}) | (_of_taxes(taxes, clock.date_of(now)) if taxes else {})


@sensitive_variables()
def _of_payouts(ids: list[uuid.UUID], now: dt.datetime) -> dict[uuid.UUID, Subject]:
    rows = PayoutProfileVersion.objects.filter(validations__pk__among=ids).select_related("profile")
    versions: list[Any] = list(rows.annotate(**_OF_VALIDATION))
    elsewhere, pasts, new = _at_another_partner("payout", versions), pasts_of(versions), _by_new_admins(versions, now)
    return {
        one.validation: Subject(
            kind="payout",
            country=str(one.bank_country),
            legal_name=one.company,
            identifiers=one.read_identifiers(),
            day=clock.date_of(now),
            payment_method=str(one.payment_method),
            account_holder=one.account_holder,
            duplicate_elsewhere=one.pk in elsewhere,
            bank_changed_recently=_is_recent(one, pasts[one.pk], now),
            admin_new_in_role=one.validation in new,
        )
        for one in versions
    }


@sensitive_variables()
def _of_taxes(ids: list[uuid.UUID], day: dt.date) -> dict[uuid.UUID, Subject]:
    forms = [_Form._make(row) for row in TaxProfileVersion.objects.filter(validations__pk__among=ids).values_list(*_OF_FORM)]
    documents = TaxDocument.objects.filter(profile__among={one.profile_id for one in forms}, removed_at=None)
    from_us = settings.US_PAYING_ENTITIES
    elsewhere, with_document = _at_another_partner("tax", forms), set(documents.values_list("profile", flat=True))
    return {
        one.validation: Subject(
            kind="tax",
            country=one.country,
            legal_name=one.company,
            identifiers=one.read_identifiers(),
            day=day,
            classification=one.classification,
            form_kind=one.form_kind,
            expires_on=one.expires_on,
            has_document=one.profile_id in with_document,
            paying_entity_is_us=one.paying_entity in from_us,
            duplicate_elsewhere=one.pk in elsewhere,
        )
        for one in forms
    }


def _at_another_partner(kind: Kind, versions: Collection[Any]) -> set[uuid.UUID]:
    """Which of the versions have the number of any version of another partner's profile (rule VAL-6)."""
    own = [(one.pk, one.partner, fingerprint) for one in versions for fingerprint in fingerprints.alike(one)]
    return {pk for (pk,) in rows_of(sql(_ELSEWHERE[kind], *(list(column) for column in zip(*own, strict=True))))} if own else set()


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


def _by_new_admins(versions: Collection[Any], now: dt.datetime) -> set[uuid.UUID]:
    """Which validations' versions were written or submitted by somebody who became incentives admin a short while ago, at a
    partner that was paid before.

    The usual way of whoever took over an account: first the role, then the bank details. At a partner that is only beginning,
    everybody is new, which tells nothing. Nor does the day on which the feed gave a role: the membership system vouches for it.
    """
    granted = _granted_of(versions)
    lately = {pk: at for pk, at in granted.items() if at >= now - RECENT}
    asked = [one for one in versions if one.validation in lately]
    approved = Validation.objects.filter(
        partner__among={one.partner for one in asked}, payout_version__isnull=False, decision=Validation.Decision.APPROVED
    )
    paid_since = dict(approved.values_list("partner").annotate(Min("decided_at")))
    return {one.validation for one in asked if one.partner in paid_since and paid_since[one.partner] < lately[one.validation]}


def _granted_of(versions: Collection[Any]) -> dict[uuid.UUID, dt.datetime]:
    """When the last of those who wrote or submitted it became incentives admin of the partner, by the validation's id."""
    people = {one.validation: {one.submitted_by, one.created_by_id} - {None} for one in versions}
    roles = RoleAssignment.objects.exclude(origin=Origin.FEED).filter(
        role=PartnerRole.INCENTIVES_ADMIN,
        ended_at=None,
        partner__among={one.partner for one in versions},
        membership__user__among=set().union(*people.values()),
    )
    granted: dict[tuple[uuid.UUID, object], dt.datetime] = {}
    for partner_id, user_id, at in roles.order_by("granted_at").values_list("partner", "membership__user", "granted_at"):
        granted[partner_id, user_id] = at
    last = {
        one.validation: [granted[key] for user_id in people[one.validation] if (key := (one.partner, user_id)) in granted]
        for one in versions
    }
    return {pk: max(ats) for pk, ats in last.items() if ats}
