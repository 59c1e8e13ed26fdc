"""Role assignments in Django admin: assigned, changed and ended by the same services as in the portal (rule ACC-3)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import policy, program_choices
from accounts.admin.choosing import Completed, OneOfAll, SomeOfAll
from accounts.admin.filters import InForce, Reach
from accounts.admin.within import WithinPartner, is_operator, partner_rows
from accounts.models import Location, Membership, Origin, RoleAssignment
from accounts.queries.people import scope_of
from accounts.roles import PartnerRole
from accounts.services import roles as services


class RoleAssignmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who, which role, where, until when. What it asks for is rehearsed by the service, so that its refusal shows here."""

    request: HttpRequest
    listed_locations = forms.ModelMultipleChoiceField(
        label=_("Locations"),
        queryset=Location.objects.none(),
        required=False,
        help_text=_("Only where the role does not hold for the entire organization."),
    )
    program_codes = forms.MultipleChoiceField(
        label=_("Programs"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a choice, the role holds for every program."),
    )

    class Meta:
        model = RoleAssignment
        fields = ["membership", "role", "entire_organization", "program_codes", "expires_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: Any = self.fields["listed_locations"]
        places.queryset = Location.objects.filter(partner_rows(self.request, "partner_id"))
        if not self.instance._state.adding:
            places.queryset = places.queryset.filter(partner=self.instance.partner_id)
            self.initial["listed_locations"] = [row.location_id for row in self.instance.listed.all()]
        self._offer_programs()
        if "role" in self.fields:
            self._offer_roles()

    def _offer_programs(self) -> None:
        offered = dict(program_choices.choices())
        for code in self.instance.program_codes:
            offered.setdefault(code, code)
        self.fields["program_codes"].choices = list(offered.items())  # type: ignore[attr-defined]

    def _offer_roles(self) -> None:
        """Account admins are not offered the admin roles (section *People* of the rules)."""
        actor = self.request.actor  # type: ignore[attr-defined]
        everything = is_operator(self.request)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            ("", "---------"),
            *((role, label) for role, label in PartnerRole.choices if everything or policy.may_assign(actor, role)),
        ]

    def terms(self) -> dict[str, Any]:
        """The keyword arguments of `services.roles.assign`."""
        given = self.cleaned_data
        return {
            "membership": given.get("membership") or self.instance.membership,
            "role": given.get("role") or self.instance.role,
            "entire_organization": given["entire_organization"],
            "locations": list(given.get("listed_locations") or ()),
            "program_codes": given.get("program_codes") or (),
            "expires_on": given.get("expires_on"),
            "by": self.request.user,
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors:
            with transaction.atomic():
                services.assign(**self.terms())
                transaction.set_rollback(True)
        return given

    def _post_clean(self) -> None:
        """The row itself is not touched: the service ends it and writes the one that takes its place."""

    def save(self, commit: bool = True) -> RoleAssignment:
        unchanged: RoleAssignment = self.instance
        return unchanged

    def save_m2m(self) -> None:
        """The service has written the locations."""


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(WithinPartner):
    """Who holds which role where. A changed role is a new row; the old one ends and stays readable."""

    form = RoleAssignmentForm
    list_display = ["person", "role", "where", "expires_on", "granted_by", "ended_at"]
    list_filter = ["role", InForce, Reach]
    list_select_related = ["membership__user", "membership__partner", "granted_by"]
    search_fields = ["membership__user__name", "membership__user__email"]
    ordering = ["ended_at", "membership__user__name", "role"]
    actions = ["end_roles"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoleAssignment]:
        return super().get_queryset(request).prefetch_related("listed__location")

    @admin.display(description=_("person"), ordering="membership__user__name")
    def person(self, role: RoleAssignment) -> str:
        return str(role.membership.user)

    @admin.display(description=_("where"))
    def where(self, role: RoleAssignment) -> str:
        return scope_of(role)

    def get_fields(self, request: HttpRequest, obj: RoleAssignment | None = None) -> Any:
        who = ["person", "role"] if obj else ["membership", "role"]
        if obj and not self.has_change_permission(request, obj):
            return [*who, "where", "expires_on", "granted_by", "granted_at", "ended_at"]
        return [*who, "entire_organization", "listed_locations", "program_codes", "expires_on"]

    def get_readonly_fields(self, request: HttpRequest, obj: RoleAssignment | None = None) -> list[str]:
        return ["person", "role", "where", "granted_by", "granted_at", "ended_at"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request  # type: ignore[attr-defined]
        form.base_fields["listed_locations"].widget = _many(request, self)
        if "membership" in form.base_fields and not is_operator(request):
            # Memberships have no pages of their own for a partner's admins.
            form.base_fields["membership"].widget.can_view_related = False
        return form

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Members of the actor's partner; the operator, who has them all, finds them by typing."""
        if db_field.name != "membership":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        members = Membership.objects.filter(partner_rows(request, "partner_id"), suspended_at=None)
        members = members.select_related("user", "partner").order_by("user__name", "user__email")
        if is_operator(request):
            return db_field.formfield(queryset=members, widget=OneOfAll(db_field, self.admin_site))
        return MemberField(label=capfirst(_("person")), queryset=members, widget=Completed(db_field, self.admin_site))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._sees(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ended roles are history, the directory's are its own; account admins leave admin roles alone."""
        if obj is None:
            return self._sees(request, None)
        if obj.ended_at is not None or obj.origin == Origin.DIRECTORY or not self._sees(request, obj):
            return False
        return is_operator(request) or policy.may_assign(request.actor, obj.role)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: RoleAssignment, form: Any, change: bool) -> None:
        """Goes through the service: same checks, audit, announcements and mails as in the portal."""
        written = services.assign(**form.terms())
        obj.pk = written.pk
        obj.refresh_from_db()

    @admin.action(description=_("End the selected roles"), permissions=["change"])
    def end_roles(self, request: HttpRequest, queryset: QuerySet[RoleAssignment]) -> None:
        """One by one, each with its own answer; what may not be ended stays, and the message says why."""
        for role in queryset.select_related("membership__user", "membership__partner"):
            names = {"person": role.membership.user, "role": role.get_role_display()}
            try:
                services.end(assignment=role, by=request.user)
            except ValidationError as refusal:
                self.message_user(request, f"{names['person']}, {names['role']}: {' '.join(refusal.messages)}", messages.ERROR)
            except policy.NotAllowedError:
                refused = _("%(person)s, %(role)s: only a global admin can end this role.")
                self.message_user(request, refused % names, messages.ERROR)
            else:
                self.message_user(request, _("%(person)s: the role %(role)s has ended.") % names, messages.SUCCESS)


class MemberField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Members by name and address; the partner goes without saying."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.user} ({obj.user.email})"


class TwoLists(FilteredSelectMultiple):
    """Django's two lists. Its script builds them into the parent, which outside of a wrapper also holds the label."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html('<div class="related-widget-wrapper">{}</div>', super().render(*args, **kwargs))


def _many(request: HttpRequest, model_admin: WithinPartner) -> forms.Widget:
    """A plain list, which works without JavaScript, of one partner's locations; the operator searches among all."""
    if is_operator(request):
        return SomeOfAll(RoleAssignment._meta.get_field("locations"), model_admin.admin_site)
    return TwoLists(str(_("locations")), is_stacked=False)
