"""What is known of a program, for its guide where no file was uploaded (rule PRG-1)."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django_countries import countries

from enrollment.models import FiscalYearOffer, Program, RequirementItem
from enrollment.queries.requirements import readable
from incentives_portal.core.fiscal import FiscalYear
from profiles.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class RequirementShown:
    """A requirement's title, and the items any one of which meets it."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """A program in words."""

    years: tuple[FiscalYearOffer, ...]
    payment_methods: tuple[str, ...]
    requirements: tuple[RequirementShown, ...]


def program_facts(program: Program, today: dt.date) -> ProgramFacts:
    """This and later years, how it pays, and what it asks."""
    offers = FiscalYearOffer.objects.filter(program=program, fiscal_year__gte=FiscalYear.of(today).ends_in).order_by("fiscal_year")
    for offer in offers:
        offer.year = FiscalYear(offer.fiscal_year)  # type: ignore[attr-defined]
    groups = program.groups.prefetch_related("items")
    return ProgramFacts(
        years=tuple(offers),
        payment_methods=tuple(str(PaymentMethod(method).label) for method in program.payment_methods),
        requirements=tuple(RequirementShown(group.title, tuple(_asked(item) for item in group.items.all())) for group in groups),
    )


def _asked(item: RequirementItem) -> str:
    match item.kind:
        case RequirementItem.Kind.AGREEMENT:
            return _("%(agreement)s in force") % {"agreement": readable(item.agreement)}
        case RequirementItem.Kind.DESIGNATION:
            return f"{item.get_kind_display()}: {readable(item.designation)}, {readable(item.level)} ({item.get_held_by_display()})"
        case RequirementItem.Kind.COUNTRY:
            return ", ".join(sorted(countries.name(code) for code in item.countries))
        case _:
            return str(item.get_kind_display())
