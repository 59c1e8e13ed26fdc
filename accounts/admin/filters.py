"""Filters of Django admin's lists that offer what the viewer's own partner has, and no word of another's (rule ACC-8)."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.actor import roles_in_force
from accounts.admin.within import partner_rows
from accounts.models import Location, Membership, RoleAssignment, User
from accounts.roles import PartnerRole
from incentives_portal.core.clock import DatabaseToday


class InForce(admin.SimpleListFilter):
    title = _("in force")
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Not ended")), ("yes", _("Ended")), ("expired", _("Expired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> QuerySet[RoleAssignment]:
        if self.value() == "expired":
            return queryset.filter(ended_at=None, expires_on__lt=DatabaseToday())
        return queryset.filter(ended_at__isnull=self.value() == "no") if self.value() else queryset


class Reach(admin.SimpleListFilter):
    title = _("where")
    parameter_name = "reach"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("Entire organization")), ("listed", _("Listed locations"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> QuerySet[RoleAssignment]:
        return queryset.filter(entire_organization=self.value() == "all") if self.value() else queryset


class CountryOfOwn(admin.SimpleListFilter):
    """The countries in which the viewer's partner has locations; all of them for the operator."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        own = Location.objects.filter(partner_rows(request, "partner_id")).order_by()
        codes = own.values_list("country", flat=True).distinct()
        return sorted(((code, countries.name(code)) for code in codes), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Location]) -> QuerySet[Location]:
        return queryset.filter(country=self.value()) if self.value() else queryset


class Covered(admin.SimpleListFilter):
    """Locations that nobody can enroll (rule ACC-2)."""

    title = _("incentives admin")
    parameter_name = "covered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Nobody")), ("yes", _("Somebody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Location]) -> QuerySet[Location]:
        if not self.value():
            return queryset
        reaching = RoleAssignment.objects.filter(
            roles_in_force(), Q(entire_organization=True) | Q(listed__location=OuterRef("pk")), partner=OuterRef("partner")
        ).filter(role=PartnerRole.INCENTIVES_ADMIN)
        return queryset.filter(Exists(reaching) if self.value() == "yes" else ~Exists(reaching))


class HoldsRole(admin.SimpleListFilter):
    """People by the role that they hold at the viewer's partner; what they hold elsewhere does not show."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*PartnerRole.choices, ("none", _("No role"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if not self.value():
            return queryset
        held = RoleAssignment.objects.filter(roles_in_force(), partner_rows(request, "partner_id"), membership__user=OuterRef("pk"))
        return queryset.filter(~Exists(held)) if self.value() == "none" else queryset.filter(Exists(held.filter(role=self.value())))


class Suspended(admin.SimpleListFilter):
    """People whose membership at the viewer's partner is suspended."""

    title = _("suspended")
    parameter_name = "suspended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if not self.value():
            return queryset
        paused = Membership.objects.filter(
            partner_rows(request, "partner_id"), user=OuterRef("pk"), suspended_at__isnull=False, removed_at=None
        )
        return queryset.filter(Exists(paused) if self.value() == "yes" else ~Exists(paused))
