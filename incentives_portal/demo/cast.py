"""The people of the demonstration, one for each role, and what each can be asked to try."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody to sign in as."""

    email: str
    name: str
    role: str | Promise
    try_this: str | Promise


CAST = (
    Figure(
        "ines@fjallglim.example",
        "Ines Duarte",
        _("Incentives admin"),
        _("Open an invitation in the notices and enroll the location with its default bank profile."),
    ),
    Figure(
        "gunnar@fjallglim.example",
        "Gunnar Lind",
        _("Global admin"),
        _("Give Ulf the incentives admin role for one location, in User management or in Django admin."),
    ),
    Figure(
        "astrid@fjallglim.example",
        "Astrid Holm",
        _("Account admin"),
        _("See which locations nobody can enroll, and assign somebody. Her pages are in Swedish."),
    ),
    Figure(
        "ulf@fjallglim.example",
        "Ulf Berg",
        _("Incentives user"),
        _("Read Enrolling where an admin reads Action required or Validating enrollment."),
    ),
    Figure(
        "mei@baysidecompute.example",
        "Mei Tanaka",
        _("Incentives admin, 40 locations"),
        _("Search, filter and sort the overview of a large partner."),
    ),
    Figure(
        "otto@brandtsysteme.example",
        "Otto Brandt",
        _("Incentives admin of another partner"),
        _("Try an address of somebody else's enrollment: for him it does not exist."),
    ),
    Figure(
        "rita@operator.example",
        "Rita Sand",
        _("Reviewer"),
        _("Reject a validation with a reason; the incentives admin reads that reason and mends the field."),
    ),
    Figure(
        "petra@operator.example",
        "Petra Wall",
        _("Program manager"),
        _("Plan the rollover; when Pelle has approved it, move the clock past 30 June and watch enrollments being continued."),
    ),
    Figure(
        "pelle@operator.example",
        "Pelle Ask",
        _("Program manager"),
        _("Approve the rollover that Petra has planned: it takes a second program manager."),
    ),
    Figure(
        "root@operator.example",
        "Root",
        _("Operator's administrator"),
        _("Open Django admin with everything in it."),
    ),
)
