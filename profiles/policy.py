"""Who sees and who edits profiles, and who reviews them. The docstrings are the policy."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.actor import Actor
from accounts.models import Location, Membership
from accounts.policy import NotAllowedError, Scope, can, within
from accounts.roles import Permission
from profiles.models import BankAlarm, DefaultBankProfile, PayoutProfile, TaxDocument, TaxProfile, Validation
from profiles.usage import Usage, live_usage_of


def payouts_visible_to(actor: Actor) -> QuerySet[PayoutProfile]:
    """Every incentives admin of a partner sees all of its payout profiles, masked: they can be used for any location.

    Global and account admins see none; they read who may (rule ACC-7). To another partner they don't exist (rule ACC-8).
    """
    return PayoutProfile.objects.filter(within(actor, Permission.SEE_PROFILES)).select_related("latest", "partner", "created_by")


def taxes_visible_to(actor: Actor) -> QuerySet[TaxProfile]:
    """An incentives admin sees the tax profiles of the locations in scope."""
    visible = TaxProfile.objects.filter(within(actor, Permission.SEE_PROFILES, location="location_id"))
    return visible.select_related("latest", "location", "partner", "created_by")


def locations_editable_by(actor: Actor) -> QuerySet[Location]:
    """The locations whose tax profiles and default bank profile an incentives admin keeps."""
    return Location.objects.filter(within(actor, Permission.EDIT_PROFILES, location="pk")).order_by("name", "mpn_id")


def may_edit_payout(actor: Actor, profile: PayoutProfile) -> bool:
    """A payout profile is edited by whom all of its consequences concern.

    That is an incentives admin of the entire organization and every program, or one who has every location and program that
    uses the profile in scope and made it, or finds it used there: in an enrollment that somebody else submitted. To begin to
    use a profile, as a default or in an enrollment of one's own, gives no right to it.
    """
    if actor.partner is None or profile.partner_id != actor.partner.pk:
        return False
    grants = list(actor.grants_for(Permission.EDIT_PROFILES))
    if any(grant.location_ids is None and grant.program_codes is None for grant in grants):
        return True
    uses = live_usage_of(profile)
    places = _places_using(profile, uses)
    if not all(can(actor, Permission.EDIT_PROFILES, place) for place in places or {profile.scope}):
        return False
    if profile.created_by_id == actor.user.pk or any(use.validated_anew and use.submitted_by_id != actor.user.pk for use in uses):
        return True
    return any(grant.location_ids is None for grant in grants)


def require_edit_payout(actor: Actor, profile: PayoutProfile) -> None:
    """Raises NotAllowedError unless `may_edit_payout`."""
    if not may_edit_payout(actor, profile):
        raise NotAllowedError(Permission.EDIT_PROFILES, profile.scope)


def _places_using(profile: PayoutProfile, uses: list[Usage]) -> set[Scope]:
    """Where live enrollments, each for its program, and default bank profiles use the profile."""
    defaults = DefaultBankProfile.objects.filter(payout_profile=profile).values_list("location_id", flat=True)
    enrolled = {Scope(profile.partner_id, row.location_id, row.program_code) for row in uses}
    return enrolled | {Scope(profile.partner_id, location_id) for location_id in defaults}


def reviews_visible_to(actor: Actor) -> QuerySet[Validation]:
    """A reviewer sees every validation, masked; nobody else any. Their own requests are shown and can't be decided."""
    visible = Validation.objects.all() if can(actor, Permission.REVIEW) else Validation.objects.none()
    member = Membership.objects.filter(user=actor.user, partner=OuterRef("partner_id"))
    return visible.select_related(
        "partner",
        "payout_version__profile",
        "tax_version__profile__location",
        "claimed_by",
        "submitted_by",
        "decided_by",
        "first_approved_by",
    ).annotate(is_of_own_partner=Exists(member))


def documents_visible_to(actor: Actor) -> QuerySet[TaxDocument]:
    """The documents of the tax profiles that an incentives admin sees; a reviewer sees those of every partner."""
    rows = TaxDocument.objects.filter(removed_at=None).select_related("profile__location", "partner", "uploaded_by")
    if can(actor, Permission.REVIEW):
        return rows
    return rows.filter(profile__in=taxes_visible_to(actor).values("pk"))


def alarms_visible_to(actor: Actor) -> QuerySet[BankAlarm]:
    """A reviewer sees every report of a bank change; nobody else any."""
    visible = BankAlarm.objects.all() if can(actor, Permission.REVIEW) else BankAlarm.objects.none()
    return visible.select_related("partner", "profile", "version__created_by", "raised_by", "settled_by")
