"""Programs, what makes a location eligible, invitations, enrollments and their history, rollover plans,
many enrollments at once, and saved views."""

from .bulk import BulkEnrollment, BulkEnrollmentRow
from .drafts import RequirementDraft
from .eligibility import Agreement, Designation, EligibilityDecision
from .enrollments import EndReason, Enrollment, StatusChange
from .invitations import Invitation, Notice
from .programs import FiscalYearOffer, Program, ProgramGuide, RequirementGroup, RequirementItem
from .rollover import PlanState, RolloverLine, RolloverPlan, RolloverRange
from .views import SavedView
from .waves import InvitationWave

__all__ = [
    "Agreement",
    "BulkEnrollment",
    "BulkEnrollmentRow",
    "Designation",
    "EligibilityDecision",
    "EndReason",
    "Enrollment",
    "FiscalYearOffer",
    "Invitation",
    "InvitationWave",
    "Notice",
    "PlanState",
    "Program",
    "ProgramGuide",
    "RequirementDraft",
    "RequirementGroup",
    "RequirementItem",
    "RolloverLine",
    "RolloverPlan",
    "RolloverRange",
    "SavedView",
    "StatusChange",
]
