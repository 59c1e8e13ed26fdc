"""Programs, what makes a location eligible, invitations, enrollments and their history, rollover plans,
many enrollments at once, and saved views."""

from .bulk import BulkEnrollment, BulkEnrollmentRow
from .eligibility import Agreement, Designation, EligibilityDecision
from .enrollments import EndReason, Enrollment, StatusChange
from .invitations import Invitation, Notice
from .programs import FiscalYearOffer, Program, ProgramGuide, RequirementGroup, RequirementItem
from .rollover import RolloverLine, RolloverPlan
from .views import SavedView

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
    "Notice",
    "Program",
    "ProgramGuide",
    "RequirementGroup",
    "RequirementItem",
    "RolloverLine",
    "RolloverPlan",
    "SavedView",
    "StatusChange",
]
