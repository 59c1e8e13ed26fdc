import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow
from profiles.models import PaymentMethod


def in_language(row: object, field: str) -> str:
    """The text of `field` in the language of the page: `name` reads `name_sv` for Swedish readers, else `name_en`."""
    return str(getattr(row, f"{field}_{'sv' if (get_language() or 'en').startswith('sv') else 'en'}"))


class Program(models.Model):
    """An incentive program (rule PRG-1), its texts in two languages.

    Eligibility is either requirement groups or *open to all*. `discontinued_on` is the last day that it is offered.
    """

    class Level(models.TextChoices):
        LOCATION = "location", _("Location")
        PGA = "pga", _("Partner Global Account")

    class Inviting(models.TextChoices):
        DAILY = "daily", _("Every night, by themselves")
        WAVES = "waves", _("In waves that a program manager starts")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_sv = models.CharField(_("name in Swedish"), max_length=120)
    description_en = models.TextField(_("description in English"), blank=True)
    description_sv = models.TextField(_("description in Swedish"), blank=True)
    paying_entity = models.CharField(_("paying entity"), max_length=200)
    currencies = ArrayField(models.CharField(max_length=3), verbose_name=_("currencies"))
    payment_methods = ArrayField(models.CharField(max_length=20, choices=PaymentMethod.choices), verbose_name=_("payment methods"))
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, default=Level.LOCATION)
    open_to_all = models.BooleanField(_("open to all"), default=False)
    response_days = models.PositiveSmallIntegerField(_("days to respond"), null=True, blank=True)
    discontinued_on = models.DateField(_("discontinued on"), null=True, blank=True)
    rule_version = models.PositiveIntegerField(_("version of the requirements"), default=1)
    # The version that every location was evaluated with; behind `rule_version`, a worker is on its way.
    evaluated_version = models.PositiveIntegerField(default=0, editable=False)
    inviting = models.CharField(_("invitations"), max_length=10, choices=Inviting.choices, default=Inviting.DAILY)

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="program_pays_something", condition=Q(currencies__len__gt=0, payment_methods__len__gt=0)),
            models.CheckConstraint(name="program_response_days", condition=Q(response_days=None) | Q(response_days__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self, "name")

    @property
    def description(self) -> str:
        return in_language(self, "description")


class FiscalYearOffer(models.Model):
    """A program is offered in a fiscal year (`fiscal_year` 2027 = FY27), optionally within a window of days."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="offers")
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    opens_on = models.DateField(_("opens on"), null=True, blank=True)
    closes_on = models.DateField(_("closes on"), null=True, blank=True)

    class Meta:
        verbose_name = _("fiscal-year offer")
        verbose_name_plural = _("fiscal-year offers")
        constraints = [
            models.UniqueConstraint(name="offer_once_a_year", fields=["program", "fiscal_year"]),
            models.CheckConstraint(
                name="offer_opens_before_it_closes",
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(opens_on__lte=F("closes_on")),
            ),
            models.CheckConstraint(name="offer_year", condition=Q(fiscal_year__range=(2000, 2999))),
        ]


class RequirementGroup(models.Model):
    """One of a program's requirements (rule ELI-1): within it any one item suffices; all groups must be met."""

    program = models.ForeignKey(Program, models.CASCADE, related_name="groups")
    position = models.PositiveSmallIntegerField()
    title_en = models.CharField(_("title in English"), max_length=120)
    title_sv = models.CharField(_("title in Swedish"), max_length=120)

    class Meta:
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        ordering = ["program", "position"]
        constraints = [models.UniqueConstraint(name="group_position_once", fields=["program", "position"])]

    @property
    def title(self) -> str:
        return in_language(self, "title")


class RequirementItem(models.Model):
    """One way of meeting a requirement; which columns it uses depends on its kind."""

    class Kind(models.TextChoices):
        ACTIVE_MEMBERSHIP = "active_membership", _("Active membership")
        AGREEMENT = "agreement", _("Agreement")
        DESIGNATION = "designation", _("Designation")
        COUNTRY = "country", _("Country")
        MEMBERSHIP_MIGRATED = "membership_migrated", _("Membership migration")

    class HeldBy(models.TextChoices):
        LOCATION = "location", _("The location")
        ANY_LOCATION = "any_location", _("Any location of the partner")

    group = models.ForeignKey(RequirementGroup, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    agreement = models.CharField(max_length=60, blank=True)
    designation = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=40, blank=True)
    held_by = models.CharField(max_length=12, choices=HeldBy.choices, blank=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)

    class Meta:
        verbose_name = _("requirement item")
        verbose_name_plural = _("requirement items")
        ordering = ["group", "position"]
        constraints = [
            models.UniqueConstraint(name="item_position_once", fields=["group", "position"]),
            models.CheckConstraint(
                name="item_says_what_its_kind_needs",
                condition=(Q(kind="agreement") ^ Q(agreement=""))
                & (Q(kind="designation") ^ Q(designation="", level="", held_by=""))
                & (Q(kind="country") ^ Q(countries=[])),
            ),
        ]


class ProgramGuide(models.Model):
    """A version of a program's guide in one language; older versions are kept.

    The PDF is a column, so that a dump is a whole backup and several machines need no shared folder; `file` is where guides
    of before that lie.
    """

    program = models.ForeignKey(Program, models.CASCADE, related_name="guides")
    language = models.CharField(max_length=5)
    version = models.PositiveIntegerField()
    content = models.BinaryField(default=b"", editable=False)
    file = models.FileField(upload_to="guides/", blank=True)
    file_name = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField(db_default=DatabaseNow())
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False)
    pages = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("program guide")
        verbose_name_plural = _("program guides")
        constraints = [models.UniqueConstraint(name="guide_version_once", fields=["program", "language", "version"])]
