"""What a partner's admins may see of a model in Django admin: their own partner's rows, and never more."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase

from accounts import policy
from accounts.admin_site import is_partners_admin
from accounts.roles import Permission


def is_operator(request: HttpRequest) -> bool:
    """The operator's superuser, who sees all."""
    return bool(request.user.is_active and request.user.is_superuser)


def partner_rows(request: HttpRequest, column: str) -> Q:
    """The rows of the actor's partner, `column` being where the model names it; everything for the operator."""
    if is_operator(request):
        return Q()
    return policy.within(request.actor, Permission.SEE_PEOPLE, partner=column)  # type: ignore[attr-defined]


class WithinPartner(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows of the actor's partner alone. Nothing is deleted, and nothing changed unless a subclass says so.

    Every list, page, search, choice and bulk action of Django admin starts from `get_queryset`, so it is narrowed there.
    """

    partner_column = "partner_id"
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """What the list's own filters ask, and nothing else.

        Django would let the query string ask about any column: who sees the list could read a colleague's password hash
        out of it, letter by letter.
        """
        offered = {getattr(each, "parameter_name", each) for each in self.list_filter}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    # The types know a later Django, which passes one argument more.
    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any], *more: Any
    ) -> HttpResponseBase | None:
        """As Django's, but rows that can't exist are a bad request and not an error."""
        try:
            return super().response_action(request, queryset, *more)
        except ValidationError as nonsense:
            raise BadRequest("The action names rows that can't exist.") from nonsense

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(partner_rows(request, self.partner_column))

    def _sees(self, request: HttpRequest, obj: Model | None) -> bool:
        if is_operator(request):
            return True
        if not is_partners_admin(request.actor):  # type: ignore[attr-defined]
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._sees(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._sees(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
