"""Users and who belongs where. A partner's admins read them here; people join by invitation, in the portal."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import roles_in_force
from accounts.admin.choosing import OneOfAll
from accounts.admin.filters import HoldsRole, Suspended
from accounts.admin.pausing import members_at_own, one_by_one
from accounts.admin.within import WithinPartner, is_operator
from accounts.models import Membership, OperatorAssignment, RoleAssignment, User
from accounts.services import global_admins, people, signing_in
from incentives_portal.core import audit


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the operator may change about a person. Passwords are the person's own."""

    class Meta:
        model = User
        fields = ["name", "language", "is_active", "is_superuser"]

    def clean_is_active(self) -> bool:
        """Refuses to close the account of a partner's last global admin (rule ACC-4)."""
        active: bool = self.cleaned_data["is_active"]
        if self.instance.is_active and not active:
            with transaction.atomic():
                partners = Membership.objects.filter(user=self.instance).values_list("partner_id", flat=True)
                with global_admins.kept(*partners):
                    User.objects.filter(pk=self.instance.pk).update(is_active=False)
                transaction.set_rollback(True)
        return active

    def clean_is_superuser(self) -> bool:
        """Refuses to make somebody the operator's who belongs to a partner."""
        is_superuser: bool = self.cleaned_data["is_superuser"]
        if is_superuser and not self.instance.is_superuser:
            _is_nobodys_member(self.instance)
        return is_superuser


@admin.register(User)
class UserAdmin(WithinPartner):
    """A partner's admins see its members, with the roles that they hold there; the operator's superusers see everybody."""

    form = UserForm
    list_display = ["name", "email", "roles_held", "membership", "is_active"]
    list_filter = [HoldsRole, Suspended, "is_active"]
    actions = ["suspend_people", "restore_people"]
    search_fields = ["name", "email"]
    ordering = ["name", "email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = User.objects.order_by(*self.ordering)
        held = RoleAssignment.objects.filter(roles_in_force())
        if not is_operator(request):
            partner = request.actor.partner  # type: ignore[attr-defined]
            rows = rows.filter(Q(pk__in=Membership.objects.filter(partner=partner, removed_at=None).values("user")))
            held = held.filter(partner=partner)
        members = Membership.objects.prefetch_related(Prefetch("roles", held, to_attr="in_force"))
        if not is_operator(request):
            members = members.filter(partner=partner)
        return rows.prefetch_related(Prefetch("memberships", members, to_attr="belongs"))

    @admin.display(description=_("roles"))
    def roles_held(self, user: User) -> str:
        held = (role.get_role_display() for membership in user.belongs for role in membership.in_force)  # type: ignore[attr-defined]
        return ", ".join(sorted(set(map(str, held)))) or "–"

    @admin.display(description=_("membership"))
    def membership(self, user: User) -> str:
        """Whether the roles count: those of who is suspended everywhere do not. The operator's people belong nowhere."""
        belongs = [each for each in user.belongs if each.removed_at is None]  # type: ignore[attr-defined]
        if not belongs:
            return "–"
        return gettext("Suspended") if all(each.suspended_at for each in belongs) else gettext("Active")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """A partner's admins suspend their own people here; the operator does it by membership."""
        return not is_operator(request) and self._sees(request, None)

    @admin.action(description=_("Suspend the selected people"), permissions=["manage"])
    def suspend_people(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Their roles stop counting at the actor's partner, and at no other."""
        one_by_one(self, request, members_at_own(request, queryset), people.suspend, gettext("%(person)s is suspended."))

    @admin.action(description=_("Take the suspension of the selected people back"), permissions=["manage"])
    def restore_people(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Their roles at the actor's partner count again."""
        done = gettext("%(person)s is no longer suspended.")
        one_by_one(self, request, members_at_own(request, queryset), people.restore, done)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ["name", "email", "language", "is_active", "roles_held"]
        return [*own, "is_superuser", "last_login", "created_at"] if is_operator(request) else own

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["email", "roles_held", "last_login", "created_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A changed person is written to the audit log with what changed."""
        super().save_model(request, obj, form, change)
        after = {name: form.cleaned_data[name] for name in form.changed_data}
        before = {name: form.initial[name] for name in form.changed_data}
        if after:
            signing_in.record("user_changed", obj, by=request.user, before=before, after=after)


@admin.register(Membership)
class MembershipAdmin(WithinPartner):
    """For the operator, who looks up who belongs where; joining and leaving are the portal's."""

    list_display = ["user", "partner", "joined_at", "suspended_at", "removed_at"]
    list_select_related = ["user", "partner"]
    search_fields = ["user__name", "user__email", "partner__legal_name"]
    ordering = ["user__name", "user__email", "partner__legal_name"]
    actions = ["suspend_members", "restore_members"]

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    @admin.action(description=_("Suspend the selected people"), permissions=["manage"])
    def suspend_members(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        one_by_one(self, request, queryset, people.suspend, gettext("%(person)s is suspended."))

    @admin.action(description=_("Take the suspension of the selected people back"), permissions=["manage"])
    def restore_members(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        one_by_one(self, request, queryset, people.restore, gettext("%(person)s is no longer suspended."))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)


@admin.register(OperatorAssignment)
class OperatorAssignmentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Reviewers and program managers. For the operator's superusers; each change is in the audit log."""

    list_display = ["user", "role"]
    list_select_related = ["user"]
    list_filter = ["role"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["widget"] = OneOfAll(db_field, self.admin_site)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.validators.append(_is_nobodys_member)
        return field

    def save_model(self, request: HttpRequest, obj: OperatorAssignment, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record("operator_role_assigned", obj, by=request.user, after={"person": obj.user.email, "role": obj.role})

    def delete_model(self, request: HttpRequest, obj: OperatorAssignment) -> None:
        audit.record("operator_role_ended", obj, by=request.user, before={"person": obj.user.email, "role": obj.role})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OperatorAssignment]) -> None:
        for row in queryset:
            self.delete_model(request, row)


def _is_nobodys_member(user: User) -> None:
    """A partner's person can't decide for the operator."""
    if user.memberships.filter(removed_at=None).exists():
        raise ValidationError(_("This person belongs to a partner. The operator's people need an address of their own."))
