"""Nine programs that between them ask for everything a program can ask for (rule ELI-1)."""

from dataclasses import dataclass, field
from typing import Any

from enrollment.models import FiscalYearOffer, Program, RequirementGroup, RequirementItem
from incentives_portal.core.fiscal import FiscalYear

AGREEMENT, DESIGNATION, LEVEL = "cloud-reseller-agreement", "modern-work", "solutions-partner"
ACTIVE = {"kind": "active_membership"}
AGREED = {"kind": "agreement", "agreement": AGREEMENT}
MIGRATED = {"kind": "membership_migrated"}


def _designated(held_by: str) -> dict[str, Any]:
    return {"kind": "designation", "designation": DESIGNATION, "level": LEVEL, "held_by": held_by}


@dataclass(frozen=True, slots=True)
class Plot:
    """A program of the rehearsal: its requirement groups (none: open to all), and for how many years it is offered.

    `expected` says in SQL which locations (`l`, of partner `p`) are eligible, apart from the portal's own rule.
    """

    code: str
    expected: str
    groups: tuple[tuple[dict[str, Any], ...], ...] = ()
    years: int = 2
    entity: str = "Northwind Ireland Operations Ltd"
    currencies: list[str] = field(default_factory=lambda: ["SEK", "EUR"])


_AGREED = (
    f"EXISTS (SELECT FROM enrollment_agreement a WHERE a.partner_id = l.partner_id AND a.agreement = '{AGREEMENT}'"
    " AND (a.location_id IS NULL OR a.location_id = l.id) AND a.signed_on <= :day AND (a.ends_on IS NULL OR a.ends_on >= :day))"
)
_DESIGNATED = (
    f"EXISTS (SELECT FROM enrollment_designation d WHERE d.designation = '{DESIGNATION}' AND d.level = '{LEVEL}' AND :whose"
    " AND d.awarded_on <= :day AND (d.expires_on IS NULL OR d.expires_on >= :day))"
)
_HERE, _ANYWHERE = "d.location_id = l.id", "d.partner_id = l.partner_id"

PLOTS = (
    Plot("OPEN-A", "true"),
    Plot("OPEN-B", "true", currencies=["SEK"]),
    Plot("OPEN-C", "true", years=1),
    Plot("MEMBER", "l.membership_active", ((ACTIVE,),)),
    Plot("AGREED", _AGREED, ((AGREED,),)),
    Plot("ANYWHERE", _DESIGNATED.replace(":whose", _ANYWHERE), ((_designated("any_location"),),)),
    Plot(
        "COUNTRY",
        "l.country IN ('SE', 'DE') AND l.membership_active",
        (({"kind": "country", "countries": ["SE", "DE"]},), (ACTIVE,)),
    ),
    Plot("MIGRATED", "p.membership_migrated_on <= :day AND l.membership_active", ((MIGRATED,), (ACTIVE,))),
    Plot("EITHER", f"({_AGREED} OR {_DESIGNATED.replace(':whose', _HERE)})", ((AGREED, _designated("location")),)),
)


def make_programs(year: FiscalYear) -> None:
    """Writes the nine programs, offered in `year` and, but for one, in the next."""
    for plot in PLOTS:
        program = Program.objects.create(
            code=plot.code,
            name_en=f"Rehearsal {plot.code}",
            name_sv=f"Repetition {plot.code}",
            paying_entity=plot.entity,
            currencies=plot.currencies,
            payment_methods=["bank_transfer"],
            open_to_all=not plot.groups,
        )
        for offset in range(plot.years):
            FiscalYearOffer.objects.create(program=program, fiscal_year=year.ends_in + offset)
        for position, items in enumerate(plot.groups):
            group = RequirementGroup.objects.create(program=program, position=position, title_en="Requirement", title_sv="Krav")
            for item_position, item in enumerate(items):
                RequirementItem.objects.create(group=group, position=item_position, **item)
