"""What the automatic checks look at, gathered for one validation (rule VAL-2)."""

from django.conf import settings
from django.db.models import Max
from django.views.decorators.debug import sensitive_variables

from accounts.models import Origin, RoleAssignment
from accounts.roles import PartnerRole
from incentives_portal.core import clock
from profiles import fingerprints
from profiles.checks import Subject
from profiles.models import PayoutProfileVersion, TaxProfileVersion, Validation
from profiles.services.cooling_off import RECENT, cooling_off_until, took_place_since


@sensitive_variables()
def subject_of(validation: Validation) -> Subject:
    """The facts for the checks. Numbers are decrypted here, and go no further than the checks."""
    version = validation.version
    if isinstance(version, PayoutProfileVersion):
        return Subject(
            kind="payout",
            country=str(version.bank_country),
            legal_name=validation.partner.legal_name,
            identifiers=version.read_identifiers(),
            day=clock.today(),
            payment_method=str(version.payment_method),
            account_holder=version.account_holder,
            duplicate_elsewhere=_at_another_partner(version),
            bank_changed_recently=_is_recent(version),
            admin_new_in_role=_by_a_new_admin(validation),
        )
    return Subject(
        kind="tax",
        country=str(version.country),
        legal_name=validation.partner.legal_name,
        identifiers=version.read_identifiers(),
        day=clock.today(),
        classification=str(version.classification),
        form_kind=str(version.form_kind),
        expires_on=version.expires_on,
        has_document=version.profile.documents.filter(removed_at=None).exists(),
        paying_entity_is_us=validation.paying_entity in settings.US_PAYING_ENTITIES,
        duplicate_elsewhere=_at_another_partner(version),
    )


def _at_another_partner(version: PayoutProfileVersion | TaxProfileVersion) -> bool:
    """Whether any version of another partner's profile has the same number (rule VAL-6)."""
    if version.fingerprint is None:
        return False
    same = type(version)._default_manager.filter(fingerprint__in=fingerprints.alike(version))
    return same.exclude(profile__partner_id=version.profile.partner_id).exists()


def _is_recent(version: PayoutProfileVersion) -> bool:
    """Whether the account was changed, or took the place of another profile's, a short while ago (rule PAY-5)."""
    since = took_place_since(version) if version.fingerprint is not None else None
    took_place = since is not None and since > clock.now() - RECENT
    return took_place or _replaces_a_validated_account(version) or cooling_off_until(version) is not None


def _replaces_a_validated_account(version: PayoutProfileVersion) -> bool:
    """Whether money that went elsewhere until a short while ago would go to this account."""
    if version.fingerprint is None or version.created_at < clock.now() - RECENT:
        return False
    validated = PayoutProfileVersion.objects.filter(
        profile=version.profile_id, number__lt=version.number, validations__decision=Validation.Decision.APPROVED
    )
    # An account in place of a credit note is one, too.
    return validated.exclude(fingerprint__in=fingerprints.alike(version)).exists()


def _by_a_new_admin(validation: Validation) -> bool:
    """Whether who wrote or submitted the version became incentives admin a short while ago, at a partner that was paid before.

    The usual way of whoever took over an account: first the role, then the bank details. At a partner that is only beginning,
    everybody is new, which tells nothing. Nor does the day on which the feed gave a role: the membership system vouches for it.
    """
    people = {validation.submitted_by_id, validation.version.created_by_id} - {None}
    roles = RoleAssignment.objects.exclude(origin=Origin.FEED).filter(
        role=PartnerRole.INCENTIVES_ADMIN, ended_at=None, partner=validation.partner_id, membership__user__in=people
    )
    granted = roles.aggregate(last=Max("granted_at"))["last"]
    if granted is None or granted < clock.now() - RECENT:
        return False
    paid = Validation.objects.filter(partner=validation.partner_id, payout_version__isnull=False)
    return paid.filter(decision=Validation.Decision.APPROVED, decided_at__lt=granted).exists()
