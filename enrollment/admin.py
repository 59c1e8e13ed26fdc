"""Programs and enrollments in Django admin, for the operator's superusers alone: a partner's admins see nothing here
(rule ACC-3). Facts of an enrollment are changed by services, so here they are only read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from enrollment.models import (
    EligibilityDecision,
    Enrollment,
    FiscalYearOffer,
    Program,
    ProgramGuide,
    RequirementGroup,
    RequirementItem,
)
from enrollment.recorded import Recorded


class ForSuperusers:
    """Whatever Django's own permissions say, only superusers come in."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ToRead(ForSuperusers):
    """Looked at, not written."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfferInline(ForSuperusers, admin.TabularInline):  # type: ignore[type-arg]
    model = FiscalYearOffer
    extra = 0


class GuideInline(ToRead, admin.TabularInline):  # type: ignore[type-arg]
    """Guides are uploaded in the portal, where their content is judged."""

    model = ProgramGuide
    extra = 0
    fields = readonly_fields = ("language", "version", "file_name", "uploaded_at")


class ItemInline(ForSuperusers, admin.TabularInline):  # type: ignore[type-arg]
    model = RequirementItem
    extra = 0


@admin.register(Program)
class ProgramAdmin(ForSuperusers, Recorded):
    list_display = ("code", "name_en", "name_sv", "level", "open_to_all", "discontinued_on")
    list_filter = ("level", "open_to_all")
    search_fields = ("code", "name_en", "name_sv")
    inlines = (OfferInline, GuideInline)


@admin.register(RequirementGroup)
class RequirementGroupAdmin(ForSuperusers, Recorded):
    list_display = ("program", "position", "title_en", "title_sv")
    list_filter = ("program",)
    list_select_related = ("program",)
    inlines = (ItemInline,)


@admin.register(Enrollment)
class EnrollmentAdmin(ToRead, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("program", "location", "fiscal_year", "status", "reason", "status_since")
    list_filter = ("status", "fiscal_year", "program")
    search_fields = ("location__mpn_id", "location__name", "partner__legal_name")
    list_select_related = ("program", "location", "partner")


@admin.register(EligibilityDecision)
class EligibilityDecisionAdmin(ToRead, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("program", "location", "eligible", "decided_at", "evaluated_at", "is_current")
    list_filter = ("eligible", "is_current", "program")
    search_fields = ("location__mpn_id", "location__name")
    list_select_related = ("program", "location")
