"""What the acts of this floor are called in the audit log."""

from collections.abc import Mapping

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from enrollment.bulk import ACTS
from enrollment.models import EndReason, RolloverLine
from incentives_portal.core.audit_wording import Names, announce, announce_facts, choice
from profiles.models import PayoutProfile, TaxProfile

WHY_PASSED_ON = [("refused", _("every mail about it was refused")), ("unopened", _("nobody had opened it"))]

announce(
    "enrollments",
    _("Enrollments"),
    {
        "enrollment.accepted": _("The invitation %(thing)s was accepted"),
        "enrollment.declined": _("The invitation %(thing)s was declined"),
        "enrollment.decline_undone": _("Declining %(thing)s was undone"),
        "enrollment.profiles_chosen": _("Profiles were chosen for %(thing)s"),
        "enrollment.submitted": _("%(thing)s was submitted"),
        "invitation.resent": _("The invitation %(thing)s was sent again"),
        "invitation.withdrawn": _("The invitation %(thing)s was withdrawn"),
        "invitation.renewed": _("%(thing)s was invited again"),
        "invitation.passed_on": _("The invitation %(thing)s was passed on: %(why)s"),
        "enrollment.continued": _("%(thing)s was continued from the fiscal year before"),
        "bulk.started": _("Many at once was started: %(thing)s"),
        "overview.exported": _("Enrollments were exported: %(thing)s"),
        "enrollment.ended": _("%(thing)s ended: %(reason)s"),
    },
    things=("enrollment.enrollment", "enrollment.bulkenrollment"),
)
announce(
    "programs",
    _("Programs and fiscal years"),
    {
        "program.added": _("The program %(thing)s was added"),
        "program.changed": _("The program %(thing)s was changed"),
        "program.offered": _("The fiscal years of %(thing)s were changed"),
        "program.discontinued": _("The program %(thing)s was discontinued"),
        "program.offered_again": _("The program %(thing)s is offered again"),
        "program.guide_added": _("A guide of %(thing)s was added"),
        "program.requirements_published": _("New requirements of %(thing)s were published"),
        "wave.planned": _("The wave of invitations %(thing)s was planned"),
        "wave.started": _("The wave of invitations %(thing)s was started"),
        "wave.paused": _("The wave of invitations %(thing)s was paused"),
        "wave.resumed": _("The wave of invitations %(thing)s goes on"),
        "wave.cancelled": _("The wave of invitations %(thing)s was ended early"),
        "wave.done": _("The wave of invitations %(thing)s is done"),
        "requirementgroup.added": _("Requirements were added: %(thing)s"),
        "requirementgroup.changed": _("Requirements were changed: %(thing)s"),
        "rollover.planned": _("The rollover %(thing)s was planned"),
        "rollover.approved": _("The rollover %(thing)s was approved"),
        "rollover.paused": _("The rollover %(thing)s was paused"),
        "rollover.resumed": _("The rollover %(thing)s was resumed"),
        "rollover.applied": _("The rollover %(thing)s was applied"),
    },
)


def _names_of(profiles: type[Model]) -> Names:
    def names(ids: set[str]) -> Mapping[str, str]:
        return {str(pk): name for pk, name in profiles._default_manager.filter(pk__in=ids).values_list("pk", "name")}

    return names


announce_facts(
    {
        "payout_profile": _("Payout profile"),
        "tax_profile": _("Tax profile"),
        "year": _("Fiscal year"),
        "reason": _("Reason"),
        "act": _("Act"),
        "rows": _("Rows"),
        "format": _("Format"),
        "filter": _("Filter"),
        "verdicts": _("Verdicts"),
        "changed": _("Changed"),
        "requirements": _("Requirements"),
        "open_to_all": _("Open to all"),
        "version": _("Version"),
        "gained": _("Locations that gained eligibility"),
        "lost": _("Locations that lost eligibility"),
        "last_day": _("Last day"),
        "years": _("Fiscal years"),
        "code": _("Code"),
        "told": _("Told"),
        "why": _("Why"),
        "programs": _("Programs"),
        "countries": _("Countries"),
        "at_most": _("At most"),
        "invited": _("Invited"),
    },
    values={
        "act": choice(ACTS),
        "why": choice(WHY_PASSED_ON),
        "reason": choice([*EndReason.choices, *RolloverLine.Verdict.choices]),
    },
    references={"payout_profile": _names_of(PayoutProfile), "tax_profile": _names_of(TaxProfile)},
)
