"""Waves of invitations before and while they are sent: how many, where, in which languages, and who lacks an admin (rule INV-1)."""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, CharField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django_countries import countries

from accounts.actor import roles_in_force
from accounts.models import RoleAssignment, RoleLocation
from accounts.roles import ADMIN_ROLES, PartnerRole
from enrollment.models import Enrollment, InvitationWave, Notice, Program
from enrollment.services.waves import due_in
from incentives_portal.core.models import Mail

LANGUAGES = {"en": "English", "sv": "Svenska"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a wave: a program, a country, a language."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a wave would invite as things stand now."""

    count: int
    programs: tuple[Part, ...]
    countries: tuple[Part, ...]
    languages: tuple[Part, ...]
    without_admin: int
    without_anybody: int
    at_most: int | None

    @property
    def will_invite(self) -> int:
        return self.count if self.at_most is None else min(self.count, self.at_most)

    @property
    def mails(self) -> int:
        return sum(one.count for one in self.languages)


def preview(wave: InvitationWave) -> Preview:
    """Six questions, whatever the size of the wave."""
    rows = due_in(wave)
    announced = rows.filter(program__open_to_all=False)
    lacking = announced.filter(~Exists(_in_scope()))
    anybody = RoleAssignment.objects.filter(roles_in_force(), role__in=ADMIN_ROLES, partner=OuterRef("partner"))
    names = {program.pk: program.name for program in Program.objects.all()}
    by_program = rows.order_by().values_list("program").annotate(n=Count("pk"))
    by_country = rows.order_by().values_list("location__country").annotate(n=Count("pk"))
    return Preview(
        count=rows.count(),
        programs=_parts((names[pk], count) for pk, count in by_program),
        countries=_parts((str(countries.name(code)) or code, count) for code, count in by_country),
        languages=_parts((LANGUAGES.get(language, language), count) for language, count in _mails(announced) if count),
        without_admin=lacking.count(),
        without_anybody=lacking.filter(~Exists(anybody)).count(),
        at_most=wave.at_most and max(0, wave.at_most - wave.invited),
    )


def _parts(found: object) -> tuple[Part, ...]:
    return tuple(sorted((Part(label, count) for label, count in found), key=lambda one: (-one.count, one.label)))  # type: ignore[attr-defined]


def _in_scope() -> QuerySet[RoleAssignment]:
    """The incentives admins in whose scope an enrollment is, as `announcing.audiences` finds them."""
    here = Exists(RoleLocation.objects.filter(assignment=OuterRef("pk"), location=OuterRef(OuterRef("location"))))
    return RoleAssignment.objects.filter(
        roles_in_force(),
        Q(entire_organization=True) | here,
        Q(program_codes=[]) | Q(program_codes__contains=[OuterRef("program__code")]),
        role=PartnerRole.INCENTIVES_ADMIN,
        partner=OuterRef("partner"),
    )


def _mails(announced: QuerySet[Enrollment]) -> QuerySet[RoleAssignment, tuple[str, int]]:
    """How many mails to incentives admins, by the language of the person."""
    whole = ExpressionWrapper(OuterRef("entire_organization"), output_field=BooleanField())
    codes = ExpressionWrapper(OuterRef("program_codes"), output_field=ArrayField(CharField()))
    here = Exists(RoleLocation.objects.filter(assignment=OuterRef(OuterRef("pk")), location=OuterRef("location")))
    reached = (
        announced.order_by()
        .alias(whole=whole, codes=codes)
        .filter(Q(whole=True) | here, Q(codes=[]) | Q(codes__contains=[F("program__code")]), partner=OuterRef("partner"))
        .values("partner")
        .annotate(n=Count("pk"))
        .values("n")
    )
    held = RoleAssignment.objects.filter(roles_in_force(), role=PartnerRole.INCENTIVES_ADMIN)
    return (
        held.annotate(reached=Coalesce(Subquery(reached), 0))
        .filter(reached__gt=0)
        .order_by()
        .values_list("membership__user__language")
        .annotate(mails=Sum("reached"))
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a wave's mails, and how many of its people have opened the invitation."""

    owed: int
    sent: int
    refused: int
    opened: int
    told: int
    accepted: int


def sent(wave: InvitationWave) -> Sent:
    """Three questions, whatever the size of the wave."""
    notices = Notice.objects.filter(enrollment__invitations__wave=wave, kind__in=[Notice.Kind.INVITATION, Notice.Kind.ASSIGN_ADMIN])
    states = dict(Mail.objects.filter(key__in=notices.values("key")).order_by().values_list("state").annotate(n=Count("pk")))
    opened = Count("pk", filter=Q(opened_at__isnull=False) | Q(followed_at__isnull=False))
    numbers = notices.aggregate(told=Count("pk"), opened=opened)
    accepted = Enrollment.objects.filter(invitations__wave=wave, accepted_at__isnull=False).count()
    return Sent(
        states.get(Mail.State.OWED, 0), states.get(Mail.State.SENT, 0), states.get(Mail.State.DEAD, 0), **numbers, accepted=accepted
    )
