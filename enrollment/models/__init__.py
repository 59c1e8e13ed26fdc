"""Programs, what makes a location eligible, invitations, enrollments and their history, rollover plans."""

from .drafts import RequirementDraft
from .eligibility import Agreement, Designation, EligibilityDecision
from .enrollments import EndReason, Enrollment, StatusChange
from .invitations import Invitation, Notice
from .programs import FiscalYearOffer, Program, ProgramGuide, RequirementGroup, RequirementItem
from .rollover import RolloverLine, RolloverPlan
from .waves import InvitationWave

__all__ = [
    "Agreement",
    "Designation",
    "EligibilityDecision",
    "EndReason",
    "Enrollment",
    "FiscalYearOffer",
    "Invitation",
    "InvitationWave",
    "Notice",
    "Program",
    "ProgramGuide",
    "RequirementDraft",
    "RequirementGroup",
    "RequirementItem",
    "RolloverLine",
    "RolloverPlan",
    "StatusChange",
]
