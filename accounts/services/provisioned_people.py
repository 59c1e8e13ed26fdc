"""People whom a partner's directory provisions (rule ACC-5): it creates them, changes them, and says whether they belong."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.mail_addresses import domain_of
from accounts.models import Directory, DirectoryGroup, DirectoryPerson, MailDomain, Membership, User
from accounts.services import directory_roles, people, sessions, welcoming
from accounts.services.directory_said import Said
from incentives_portal.core import audit, clock
from incentives_portal.core.visible import visible_text


def hold(directory: Directory) -> None:
    """One change of a directory at a time, until the transaction ends: of two equal people the second meets the first."""
    Directory.objects.select_for_update(no_key=True).get(pk=directory.pk)


@transaction.atomic
def provision(*, directory: Directory, said: Said, by: Any) -> DirectoryPerson:
    """Creates a person, or links who is known: somebody who signed in before, a member, a person of other partners.

    Who exists keeps their name and password, and who was suspended by hand stays out until an admin lets them in. Raises ValidationError where no address is in a mail domain that the partner
    has proven (`domain`), the directory has them already (`taken`), or they are the operator's (`operator`).
    """
    hold(directory)
    _refuse_nonsense(said)
    _refuse_taken(directory, said)
    address = _address(directory, said)
    person = User.objects.filter(email=address).first() or _create(address, said, directory)
    membership = people.join(person=person, partner=directory.partner, by=by)
    row = DirectoryPerson.objects.filter(directory=directory, membership=membership).first()
    if row is not None and row.is_provisioned:
        raise ValidationError(_("The directory has provisioned a person with this address already."), code="taken")
    row = row or DirectoryPerson(directory=directory, membership=membership)
    row.is_provisioned, row.stays_out = True, membership.suspended_at is not None
    _write(row, said)
    audit.record("person_provisioned", membership, by=by, after=_facts(row))
    _settle(row, said, by)
    return row


@transaction.atomic
def change(*, person: DirectoryPerson, said: Said, by: Any) -> DirectoryPerson:
    """Makes a person what the directory says now: renamed, suspended with every session ended, or back.

    Raises ValidationError as `provision`; where the last global admin would go (`last_global_admin`); and where somebody of
    other partners too would get another address (`elsewhere`): one partner's directory must not take over an account there.
    """
    hold(person.directory)
    _refuse_nonsense(said)
    _refuse_taken(person.directory, said, besides=person)
    before, known = Said(person.user_name, person.external_id, person.profile), _facts(person)
    if said == before:
        return person
    if said.addresses != before.addresses:
        _readdress(person.membership, _address(person.directory, said))
    if said.name and said.name != before.name and _is_ours_alone(person.membership):
        User.objects.filter(pk=person.membership.user_id).update(name=said.name)
        person.membership.user.name = said.name
    _write(person, said)
    audit.record("provisioned_person_changed", person.membership, by=by, before=known, after=_facts(person))
    _settle(person, said, by)
    return person


@transaction.atomic
def deprovision(*, person: DirectoryPerson, by: Any) -> None:
    """They leave the partner: every role and every session ends. Raises ValidationError for the last global admin."""
    hold(person.directory)
    membership, known = person.membership, _facts(person)
    DirectoryGroup.objects.filter(members=person).update(version=F("version") + 1, changed_at=clock.now())
    if membership.removed_at is None:
        people.remove(membership=membership, by=by)
    sessions.end_all(membership.user)
    audit.record("person_deprovisioned", membership, by=by, before=known)
    person.delete()


def _settle(person: DirectoryPerson, said: Said, by: Any) -> None:
    """Whether they belong, and with which roles. Deprovisioning holds at once, for sessions too."""
    membership = person.membership
    if not said.is_active and membership.suspended_at is None:
        people.suspend(membership=membership, by=by)
        sessions.end_all(membership.user)
    elif said.is_active and membership.suspended_at is not None and not person.stays_out:
        people.restore(membership=membership, by=by)
    for refusal in directory_roles.align(person=person, by=by):
        raise refusal
    if said.is_active and not person.stays_out:
        welcoming.tell_how_to_sign_in(person)


def _refuse_nonsense(said: Said) -> None:
    if not said.user_name or len(said.user_name) > 254:
        raise ValidationError(_("userName must hold 1 to 254 characters."), code="user_name")
    visible_text(said.user_name)
    if len(said.external_id) > 255:
        raise ValidationError(_("externalId must hold at most 255 characters."), code="external_id")


def _refuse_taken(directory: Directory, said: Said, besides: DirectoryPerson | None = None) -> None:
    named_so = DirectoryPerson.objects.alias(lower=Lower("user_name")).filter(lower=Lower(Value(said.user_name)))
    rows = named_so.filter(directory=directory, is_provisioned=True)
    if (rows.exclude(pk=besides.pk) if besides else rows).exists():
        raise ValidationError(_("The directory has provisioned a person with this userName already."), code="taken")


def _address(directory: Directory, said: Said) -> str:
    """The first of a person's addresses that is in a mail domain proven by this very partner."""
    proven = set(MailDomain.objects.filter(directory=directory, proven_at__isnull=False).values_list("domain", flat=True))
    for address in said.addresses:
        if domain_of(address) in proven:
            return address
    if not said.addresses:
        raise ValidationError(_("Neither userName nor emails holds a mail address."), code="address")
    raise ValidationError(
        _("%(address)s is not in a mail domain that you have proven. Prove the domain under Single sign-on and provisioning.")
        % {"address": said.addresses[0]},
        code="domain",
    )


def _create(address: str, said: Said, directory: Directory) -> User:
    language = said.language if said.language in dict(settings.LANGUAGES) else directory.partner.language
    person = User.objects.create_user(address, name=said.name or address, language=language)
    # The partner has proven the domain, and it is the partner's directory that says so.
    EmailAddress.objects.create(user=person, email=address, verified=True, primary=True)
    return person


def _is_ours_alone(membership: Membership) -> bool:
    """Whether the person belongs, and belonged, to no other partner, whose people they are as much."""
    return not Membership.objects.filter(user=membership.user_id).exclude(pk=membership.pk).exists()


def _readdress(membership: Membership, address: str) -> None:
    person = membership.user
    if address == person.email:
        return
    if not _is_ours_alone(membership):
        raise ValidationError(
            _("This person belongs to other partners, too, so their address can't be changed here. Provision the new address."),
            code="elsewhere",
        )
    if User.objects.filter(email=address).exists():
        raise ValidationError(_("Another person has this address already."), code="taken")
    person.email = address
    person.save(update_fields=["email"])
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=address, verified=True, primary=True)


def _write(person: DirectoryPerson, said: Said) -> None:
    person.user_name, person.external_id, person.profile = said.user_name, said.external_id, said.profile
    person.changed_at = clock.now()
    if not person._state.adding:
        person.version += 1
    person.save()


def _facts(person: DirectoryPerson) -> dict[str, Any]:
    """A provisioned person as the audit log keeps them."""
    said = Said(person.user_name, person.external_id, person.profile)
    return {
        "person": person.membership.user.email,
        "user_name": said.user_name,
        "external_id": said.external_id,
        "name": said.name,
        "active": said.is_active,
    }
