"""The roles and permissions of the portal, as a table of code (section *People* of docs/reference/rules.md).

Reading this file is reading the policy: each role has one sentence and the permissions it carries; a permission that
stands under no role is held by nobody.
"""

import enum
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(enum.StrEnum):
    """What can be done. Partner permissions hold within a scope; operator permissions for all partners."""

    SEE_ENROLLMENTS = "see_enrollments"
    ENROLL = "enroll"  # accept, enroll, submit, decline
    SEE_PROFILES = "see_profiles"
    EDIT_PROFILES = "edit_profiles"
    SEE_PEOPLE = "see_people"
    ASSIGN_INCENTIVES_ROLES = "assign_incentives_roles"
    ASSIGN_ADMIN_ROLES = "assign_admin_roles"
    CONFIGURE_SIGN_IN = "configure_sign_in"
    SEE_AUDIT = "see_audit"
    REVIEW = "review"  # see masked profiles as a review needs them, decide validations
    MANAGE_PROGRAMS = "manage_programs"  # programs, eligibility, invitations, rollover
    SEE_OPERATIONS = "see_operations"  # the funnel, what waits, mails, runs


PERMISSION_TEXTS: dict[Permission, str | Promise] = {
    Permission.SEE_ENROLLMENTS: _("See enrollments and statuses"),
    Permission.ENROLL: _("Accept, enroll, submit and decline"),
    Permission.SEE_PROFILES: _("See payout and tax profiles"),
    Permission.EDIT_PROFILES: _("Edit payout and tax profiles"),
    Permission.SEE_PEOPLE: _("See people and their roles"),
    Permission.ASSIGN_INCENTIVES_ROLES: _("Assign incentives roles"),
    Permission.ASSIGN_ADMIN_ROLES: _("Assign account admins and global admins"),
    Permission.CONFIGURE_SIGN_IN: _("Configure single sign-on and provisioning"),
    Permission.SEE_AUDIT: _("Read the audit log"),
    Permission.REVIEW: _("Decide validations"),
    Permission.MANAGE_PROGRAMS: _("Run programs, eligibility, invitations and rollover"),
    Permission.SEE_OPERATIONS: _("See how far enrolling has come and how the portal runs"),
}


class PartnerRole(models.TextChoices):
    GLOBAL_ADMIN = "global_admin", _("Global admin")
    ACCOUNT_ADMIN = "account_admin", _("Account admin")
    INCENTIVES_ADMIN = "incentives_admin", _("Incentives admin")
    INCENTIVES_USER = "incentives_user", _("Incentives user")


class OperatorRole(models.TextChoices):
    REVIEWER = "reviewer", _("Reviewer")
    PROGRAM_MANAGER = "program_manager", _("Program manager")


@dataclass(frozen=True, slots=True)
class RoleText:
    """A role's sentence for the screen, and its permissions."""

    sentence: str | Promise
    permissions: frozenset[Permission]


P = Permission

ROLES: dict[str, RoleText] = {
    PartnerRole.GLOBAL_ADMIN: RoleText(
        _("Runs the partner's people and sign-in, and sees every enrollment; enrolls only after taking the incentives admin role."),
        frozenset(
            {P.SEE_ENROLLMENTS, P.SEE_PEOPLE, P.ASSIGN_INCENTIVES_ROLES, P.ASSIGN_ADMIN_ROLES, P.CONFIGURE_SIGN_IN, P.SEE_AUDIT}
        ),
    ),
    PartnerRole.ACCOUNT_ADMIN: RoleText(
        _("Assigns the incentives roles, and sees every enrollment; enrolls only after taking the incentives admin role."),
        frozenset({P.SEE_ENROLLMENTS, P.SEE_PEOPLE, P.ASSIGN_INCENTIVES_ROLES, P.SEE_AUDIT}),
    ),
    PartnerRole.INCENTIVES_ADMIN: RoleText(
        _("Accepts invitations, enrolls locations and keeps their payout and tax profiles."),
        frozenset({P.SEE_ENROLLMENTS, P.ENROLL, P.SEE_PROFILES, P.EDIT_PROFILES}),
    ),
    PartnerRole.INCENTIVES_USER: RoleText(
        _("Sees the enrollments of their locations and changes nothing."),
        frozenset({P.SEE_ENROLLMENTS}),
    ),
    OperatorRole.REVIEWER: RoleText(
        _("Decides validations, never on their own request; sees bank and tax data masked."),
        frozenset({P.SEE_ENROLLMENTS, P.REVIEW, P.SEE_OPERATIONS}),
    ),
    OperatorRole.PROGRAM_MANAGER: RoleText(
        _("Runs programs, eligibility, invitations and the fiscal year."),
        frozenset({P.SEE_ENROLLMENTS, P.MANAGE_PROGRAMS, P.SEE_OPERATIONS}),
    ),
}

PARTNER_ROLES = frozenset(PartnerRole.values)
INCENTIVES_ROLES = frozenset({PartnerRole.INCENTIVES_ADMIN, PartnerRole.INCENTIVES_USER})
ADMIN_ROLES = frozenset({PartnerRole.GLOBAL_ADMIN, PartnerRole.ACCOUNT_ADMIN})
