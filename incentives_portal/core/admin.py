"""The audit log and the ledger of runs in Django admin: read by the operator's superusers, written by nobody."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from incentives_portal.core.models import AuditEntry, Run


class Readable(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looked at by superusers, whatever Django's own permissions say; changed by nobody."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(Readable):
    list_display = ("at", "act", "actor_kind", "actor_name", "object_name", "partner_id")
    list_filter = ("actor_kind",)
    search_fields = ("act", "actor_name", "object_name", "=partner_id", "=object_id", "=request_id")
    ordering = ("-id",)


@admin.register(Run)
class RunAdmin(Readable):
    list_display = ("started_at", "command", "started_by", "outcome", "finished_at")
    list_filter = ("outcome", "command")
    ordering = ("-id",)
