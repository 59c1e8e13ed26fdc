"""A partner's own directory (Microsoft Entra ID, Okta and the like): it signs people in, and says who belongs and to which groups."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.roles import PartnerRole
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.secrets import EncryptedTextField

from .partners import Location, Partner
from .roles import Membership


def new_key() -> str:
    """A short name for addresses that says nothing about the partner."""
    return secrets.token_hex(6)


def new_challenge() -> str:
    """What a mail domain's DNS record must say."""
    return secrets.token_urlsafe(24)


class Directory(models.Model):
    """How one partner's directory is connected (rule ACC-5). Its global admins set it up; without `issuer` nobody signs in by it.

    `key` stands in addresses in place of the partner. `is_sign_in_required`: whoever has an address in a proven domain signs
    in by the directory and no longer by password, global admins excepted, who must get in when the directory is broken.
    `realign_due_at`: since then, everybody's roles wait to be aligned with their groups.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.OneToOneField(Partner, models.CASCADE, related_name="directory", verbose_name=_("partner"))
    key = models.CharField(max_length=12, unique=True, default=new_key, editable=False)
    issuer = models.URLField(_("issuer"), max_length=300, blank=True)
    client_id = models.CharField(_("client ID"), max_length=200, blank=True)
    client_secret = EncryptedTextField(null=True)
    groups_claim = models.CharField(_("groups claim"), max_length=100, default="groups")
    is_sign_in_on = models.BooleanField(_("single sign-on is on"), default=False)
    is_sign_in_required = models.BooleanField(_("single sign-on is required"), default=False)
    realign_due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("directory")
        verbose_name_plural = _("directories")
        constraints = [
            models.CheckConstraint(
                name="sign_in_needs_a_provider", condition=Q(is_sign_in_on=False) | ~Q(issuer="") & ~Q(client_id="")
            ),
            models.CheckConstraint(name="required_sign_in_is_on", condition=Q(is_sign_in_required=False) | Q(is_sign_in_on=True)),
        ]

    def __str__(self) -> str:
        return f"{self.partner}: {self.issuer or _('provisioning only')}"


class MailDomain(models.Model):
    """A mail domain that a partner says is theirs, and has proven by a DNS record once `proven_at` is set.

    Nobody is signed in or provisioned under an address whose domain isn't proven by that very partner.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    directory = models.ForeignKey(Directory, models.CASCADE, related_name="domains")
    domain = models.CharField(_("mail domain"), max_length=253)
    challenge = models.CharField(max_length=64, default=new_challenge, editable=False)
    proven_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        constraints = [
            models.UniqueConstraint(name="domain_once_a_directory", fields=["directory", "domain"]),
            models.UniqueConstraint(name="domain_proven_by_one", fields=["domain"], condition=Q(proven_at__isnull=False)),
            models.CheckConstraint(name="domain_in_lower_case", condition=Q(domain=Lower("domain"))),
        ]

    def __str__(self) -> str:
        return self.domain


class GroupMapping(models.Model):
    """Members of `group`, as the directory names or numbers it, hold `role` on these terms. One row for each group and role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    directory = models.ForeignKey(Directory, models.CASCADE, related_name="mappings")
    group = models.CharField(_("group or app role"), max_length=200)
    role = models.CharField(_("role"), max_length=20, choices=PartnerRole.choices)
    entire_organization = models.BooleanField(_("entire organization"), default=False)
    locations = models.ManyToManyField(Location, related_name="+", verbose_name=_("locations"), blank=True)
    program_codes = ArrayField(models.CharField(max_length=20), default=list, blank=True, verbose_name=_("programs"))

    class Meta:
        verbose_name = _("group mapping")
        verbose_name_plural = _("group mappings")
        constraints = [
            models.UniqueConstraint(name="group_mapped_once", fields=["directory", "group", "role"]),
            models.CheckConstraint(
                name="mapped_admin_role_is_whole_partner",
                condition=Q(role__in=["incentives_admin", "incentives_user"]) | Q(entire_organization=True, program_codes=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} → {self.get_role_display()}"


class DirectoryPerson(models.Model):
    """A member as the directory knows them.

    `subject`: who they are at sign-in. `claimed_groups`: their groups at the last sign-in. `is_provisioned`: the directory
    created them by SCIM and owns whether they belong, so nobody suspends, restores or removes them by hand; `user_name`,
    `external_id` and `profile` are then what it last said. `stays_out`: they were suspended by hand before that, so an admin lets
    them in again and not the directory. `version` counts changes, for conditional requests.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    directory = models.ForeignKey(Directory, models.CASCADE, related_name="people")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="in_directories")
    subject = models.CharField(max_length=255, blank=True)
    claimed_groups = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    is_provisioned = models.BooleanField(default=False)
    stays_out = models.BooleanField(default=False, db_default=False)
    user_name = models.CharField(max_length=254, blank=True)
    external_id = models.CharField(max_length=255, blank=True)
    profile = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    changed_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("person of a directory")
        verbose_name_plural = _("people of a directory")
        # What a directory looks people up by, beside the name.
        indexes = [models.Index(fields=["directory", "external_id"], name="directory_external_id")]
        constraints = [
            models.UniqueConstraint(name="directory_person_once", fields=["directory", "membership"]),
            models.UniqueConstraint(name="directory_subject_once", fields=["directory", "subject"], condition=~Q(subject="")),
            models.UniqueConstraint(
                Lower("user_name"), "directory", name="directory_user_name_once", condition=Q(is_provisioned=True)
            ),
        ]

    @property
    def waits_for_an_admin(self) -> bool:
        """Whether the directory would have them in, and a suspension by hand that was there before it keeps them out."""
        return self.stays_out and self.profile.get("active") is not False


class DirectoryGroup(models.Model):
    """A group that the directory provisions by SCIM. Its name or its `external_id` is what mappings speak of."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    directory = models.ForeignKey(Directory, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=255, blank=True)
    members = models.ManyToManyField(DirectoryPerson, related_name="groups")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    changed_at = models.DateTimeField(db_default=DatabaseNow())

    class Meta:
        verbose_name = _("group of a directory")
        verbose_name_plural = _("groups of a directory")
        constraints = [models.UniqueConstraint(Lower("name"), "directory", name="directory_group_once")]

    def __str__(self) -> str:
        return self.name


class ScimToken(models.Model):
    """A bearer token of a directory, stored hashed and shown once. Two may be in force while one takes the other's place.

    `retires_at`: another took its place and it counts until then; `expires_on`: the last day on which it counts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    directory = models.ForeignKey(Directory, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    retires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("provisioning token")
        verbose_name_plural = _("provisioning tokens")

    def __str__(self) -> str:
        return self.name
