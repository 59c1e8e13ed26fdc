"""Members of a partner: joining, pausing, leaving."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.announcements import role_ended
from accounts.models import Membership, Partner, RoleAssignment, User
from accounts.roles import INCENTIVES_ROLES
from accounts.services import authority, coverage, directory_roles, global_admins, role_mails
from incentives_portal.core import audit, clock


@transaction.atomic
def add_member(*, partner: Partner, email: str, name: str, language: str, by: Any) -> Membership:
    """Makes the person at `email` a member; who is one already stays as they are, who had left is back without roles.

    A new person has no password: they set one by a team invitation or come by single sign-on. The operator's people can't
    join a partner, so that nobody decides on their own request.
    """
    authority.require_may_assign(by, partner, next(iter(INCENTIVES_ROLES)))
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        person = User.objects.create_user(email, name=name, language=language)
    return join(person=person, partner=partner, by=by)


@transaction.atomic
def join(*, person: User, partner: Partner, by: Any) -> Membership:
    """Makes `person` a member, or one again. The caller has asked whether `by` may."""
    if person.is_superuser or person.operator_roles.exists():
        raise ValidationError(_("This address belongs to the operator, whose people can't join a partner."), code="operator")
    membership, created = Membership.objects.get_or_create(user=person, partner=partner)
    if membership.removed_at is not None:
        membership.suspended_at = membership.removed_at = None
        membership.save(update_fields=["suspended_at", "removed_at"])
        created = True
    if created:
        audit.record("member_added", membership, by=by, after={"person": person.email})
    return membership


@transaction.atomic
def suspend(*, membership: Membership, by: Any) -> None:
    """Their roles stop counting at once and come back with `restore`. Not for the last global admin (rule ACC-4)."""
    authority.require_may_manage(by, membership)
    _refuse_directorys(membership, by)
    with global_admins.kept(membership.partner_id):
        _refuse_stale(Membership.objects.filter(pk=membership.pk, suspended_at=None).update(suspended_at=clock.now()))
    membership.refresh_from_db()
    audit.record("member_suspended", membership, by=by, before={"person": membership.user.email})
    coverage.tell_of_gaps(
        membership.roles.filter(ended_at=None), occasion=f"suspended:{membership.pk}:{membership.suspended_at:%Y%m%dT%H%M%S}"
    )
    role_mails.tell(membership, [], by=by, event="suspended")


@transaction.atomic
def restore(*, membership: Membership, by: Any) -> None:
    """Takes a suspension back; the roles that have neither ended nor expired count again, those of the directory's groups too.

    Where somebody is provisioned, the directory alone does, but for a suspension that was there before it came.
    """
    authority.require_may_manage(by, membership)
    provisioned = list(membership.in_directories.filter(is_provisioned=True))
    if not all(person.waits_for_an_admin for person in provisioned):
        _refuse_directorys(membership, by)
    paused = Membership.objects.filter(pk=membership.pk, suspended_at__isnull=False, removed_at=None)
    _refuse_stale(paused.update(suspended_at=None))
    membership.refresh_from_db()
    membership.in_directories.update(stays_out=False)
    audit.record("member_restored", membership, by=by, after={"person": membership.user.email})
    if not audit.is_directory(by):
        for person in provisioned:
            directory_roles.align(person=person)
    role_mails.tell(membership, [], by=by, event="restored")


@transaction.atomic
def remove(*, membership: Membership, by: Any) -> None:
    """They leave the partner: every role ends at once. Not for the last global admin (rule ACC-4)."""
    authority.require_may_manage(by, membership)
    _refuse_directorys(membership, by)
    moment = clock.now()
    with global_admins.kept(membership.partner_id):
        _refuse_stale(Membership.objects.filter(pk=membership.pk, removed_at=None).update(suspended_at=moment, removed_at=moment))
        held = list(RoleAssignment.objects.select_for_update().filter(membership=membership, ended_at=None))
        RoleAssignment.objects.filter(pk__in=[role.pk for role in held]).update(ended_at=moment)
    membership.refresh_from_db()
    facts = {"person": membership.user.email, "roles": sorted(role.role for role in held)}
    audit.record("member_removed", membership, by=by, before=facts)
    for role in held:
        role.ended_at = moment
        role_ended.send(RoleAssignment, assignment=role, by=by)
    coverage.tell_of_gaps(held, occasion=f"removed:{membership.pk}:{moment:%Y%m%dT%H%M%S}")
    role_mails.tell(membership, [("ended", role) for role in held], by=by, event="removed")


def _refuse_directorys(membership: Membership, by: Any) -> None:
    """Whether somebody provisioned belongs, the directory alone says (rule ACC-5)."""
    if not audit.is_directory(by) and membership.in_directories.filter(is_provisioned=True).exists():
        raise ValidationError(_("Your directory provisions this person. Suspend, restore or remove them there."), code="directory")


def _refuse_stale(changed: int) -> None:
    if not changed:
        raise ValidationError(_("Somebody else changed this person in the meantime. Look at them as they are now."), code="stale")
