"""What the operator's superusers change in Django admin, in the audit log (rule OPS-3): a program decides who is paid, and how."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from incentives_portal.core import audit


class Recorded(admin.ModelAdmin):  # type: ignore[type-arg]
    """One entry for each time that a row is saved with what belongs to it: the fields before and after, and which other rows.

    Django admin's own history can be rewritten; it is kept beside.
    """

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        obj.recorded_before = {name: _plain(form.initial.get(name)) for name in form.changed_data}
        obj.recorded_after = {name: _plain(form.cleaned_data.get(name)) for name in form.changed_data}

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_addition(request, obj, message)
        audit.record(f"{obj._meta.model_name}.added", obj, by=request.user, after=obj.recorded_after)
        return entry

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        entry = super().log_change(request, obj, message)
        after = {**obj.recorded_after, "changed": entry.get_change_message()}
        audit.record(f"{obj._meta.model_name}.changed", obj, by=request.user, before=obj.recorded_before, after=after)
        return entry


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
