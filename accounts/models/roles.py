import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import OperatorRole, PartnerRole
from incentives_portal.core.clock import DatabaseNow

from .partners import Location, Partner


class Membership(models.Model):
    """A person belongs to a partner. A person may belong to several (rule ACC-6).

    `suspended_at`: their roles do not count until they are taken back. `removed_at`: they left; their roles have ended. The
    row stays, so that *who held which role then* can be answered.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="memberships", verbose_name=_("partner"))
    joined_at = models.DateTimeField(_("joined"), db_default=DatabaseNow())
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(name="membership_once", fields=["user", "partner"]),
            models.UniqueConstraint(name="membership_of_partner", fields=["id", "partner"]),
            # So that whatever asks for `suspended_at=None` leaves out who left, too.
            models.CheckConstraint(name="removed_is_suspended", condition=Q(removed_at=None) | Q(suspended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.partner}"


class Origin(models.TextChoices):
    """Who owns a role: what the directory gave can't be edited by hand, and what people gave the feed leaves alone."""

    HAND = "hand", _("Assigned by hand")
    FEED = "feed", _("Membership system")
    DIRECTORY = "directory", _("The partner's directory")


class RoleAssignment(models.Model):
    """A role that a member holds, for the entire organization or for listed locations (rules ACC-1, ACC-4).

    `origin` says who owns it: a person's word, the membership system's feed, or the partner's directory.
    `program_codes` limits an incentives role to programs; empty means all. `expires_on` is the last day in force.
    A role is ended, never deleted, so that *who held which role then* can be answered. `partner` repeats the
    membership's partner: composite foreign keys tie both to it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="roles", verbose_name=_("member"))
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))
    role = models.CharField(_("role"), max_length=20, choices=PartnerRole.choices)
    entire_organization = models.BooleanField(_("entire organization"), default=False)
    locations = models.ManyToManyField(Location, through="RoleLocation", related_name="roles", verbose_name=_("locations"))
    program_codes = ArrayField(models.CharField(max_length=20), default=list, blank=True, verbose_name=_("programs"))
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("granted by")
    )
    origin = models.CharField(_("comes from"), max_length=10, choices=Origin.choices, default=Origin.HAND, db_default="hand")
    granted_at = models.DateTimeField(_("granted"), db_default=DatabaseNow())
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("role assignment")
        verbose_name_plural = _("role assignments")
        constraints = [
            models.UniqueConstraint(name="role_once", fields=["membership", "role"], condition=Q(ended_at=None)),
            models.UniqueConstraint(name="role_of_partner", fields=["id", "partner"]),
            # Global and account admins hold their role for the whole partner and for every program.
            models.CheckConstraint(
                name="admin_role_is_whole_partner",
                condition=Q(role__in=["incentives_admin", "incentives_user"]) | Q(entire_organization=True, program_codes=[]),
            ),
        ]
        # The actor of every request: the roles in force of one member.
        indexes = [models.Index(fields=["partner", "role"], name="role_in_force", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return self.get_role_display()


class RoleLocation(models.Model):
    """One location listed by a role assignment; the database ties both to the same partner.

    The rows of a role that has not ended are those that it lists now, those of an ended one what it listed last.
    """

    assignment = models.ForeignKey(RoleAssignment, models.CASCADE, related_name="listed")
    location = models.ForeignKey(Location, models.CASCADE, related_name="+", verbose_name=_("location"))
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    listed_at = models.DateTimeField(_("listed"), db_default=DatabaseNow())

    class Meta:
        verbose_name = _("location of a role")
        verbose_name_plural = _("locations of a role")
        constraints = [models.UniqueConstraint(name="role_location_once", fields=["assignment", "location"])]


class FormerRoleLocation(models.Model):
    """A location that a role listed from `listed_at` until `unlisted_at`, while the role went on for others.

    A role for hundreds of locations that gains or loses one writes one row and not hundreds, and *who held which role then*
    can still be answered.
    """

    assignment = models.ForeignKey(RoleAssignment, models.CASCADE, related_name="formerly_listed")
    location = models.ForeignKey(Location, models.CASCADE, related_name="+", verbose_name=_("location"))
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    listed_at = models.DateTimeField(_("listed"))
    unlisted_at = models.DateTimeField(_("no longer listed"), db_default=DatabaseNow())

    class Meta:
        verbose_name = _("former location of a role")
        verbose_name_plural = _("former locations of a role")
        constraints = [
            models.CheckConstraint(name="unlisted_after_listed", condition=Q(unlisted_at__gte=models.F("listed_at"))),
        ]


class OperatorAssignment(models.Model):
    """A role at the operator: reviewer or program manager, for all partners."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="operator_roles", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=20, choices=OperatorRole.choices)

    class Meta:
        verbose_name = _("operator role")
        verbose_name_plural = _("operator roles")
        constraints = [models.UniqueConstraint(name="operator_role_once", fields=["user", "role"])]

    def __str__(self) -> str:
        return self.get_role_display()
