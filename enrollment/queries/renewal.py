"""What would not be renewed as things stand, before the fiscal year ends (rule FIS-4): why, and how to mend it."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Partner
from enrollment import eligibility
from enrollment.eligibility_facts import facts_of
from enrollment.links import Links
from enrollment.models import Enrollment, Program
from enrollment.models.programs import in_language
from enrollment.moments import in_words
from enrollment.queries.actions import next_step
from enrollment.queries.overview import as_read_by
from enrollment.queries.owners import Place, owners
from enrollment.ranges import Range
from enrollment.requirements import groups_of
from enrollment.rollover_sql import judged
from enrollment.status import Turn
from enrollment.wording import text_of, worded
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.fragments import rows_of

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Soon:
    """The year that ends soon, and when."""

    year: FiscalYear
    last_day: dt.date
    days: int


@dataclass(frozen=True, slots=True)
class Unrenewed:
    """An enrollment that would not simply go on, ready to print. `fix` and `url` are for who can mend it."""

    url: str
    place: str
    program: str
    look: str
    verdict: str
    why: tuple[str, ...]
    fix: str = ""
    fix_url: str = ""
    owner: str = ""


def soon(actor: Actor, now: dt.datetime) -> Soon | None:
    """The year that ends within RENEWAL_DAYS, for a partner's people. Asks the database nothing."""
    today = clock.date_of(now)
    year = FiscalYear.of(today)
    days = (year.last_day - today).days
    return Soon(year, year.last_day, days) if actor.partner and days < settings.RENEWAL_DAYS else None


def reasons(partner: Partner, year: FiscalYear) -> dict[UUID, str]:
    """The partner's enrollments that would not simply go on, and why: one query. What has no location is history."""
    found = rows_of(judged(year, Range(partner.pk, partner.pk)))
    return {pk: reason for pk, reason in found if reason not in {"", "pga_history"}}


def page_of(actor: Actor, partner: Partner, year: FiscalYear, number: str | None) -> tuple[Page, list[Unrenewed]]:  # type: ignore[type-arg]
    """A page of those that `actor` sees. A fixed number of queries."""
    why = reasons(partner, year)
    rows = as_read_by(actor).filter(pk__in=list(why)).order_by("location__name", "location__mpn_id", "program__code")
    page = Paginator(rows.select_related("program", "location__partner", "partner", "tax_profile__latest"), PER_PAGE).get_page(
        number
    )
    return page, _shown(list(page.object_list), why, year.next.first_day)


def _shown(rows: Sequence[Any], why: Mapping[UUID, str], day: dt.date) -> list[Unrenewed]:
    unmet = _unmet([row for row in rows if why[row.pk] == "not_eligible"], day)
    names = owners({Place(row.partner_id, row.location_id, row.program.code) for row in rows if not row.mine})
    links = Links()
    return [_one(row, why[row.pk], unmet.get(row.pk, ()), names, links, day) for row in rows]


def _one(row: Any, reason: str, unmet: tuple[str, ...], names: Mapping[Place, str], links: Links, day: dt.date) -> Unrenewed:
    sentences: tuple[str, ...]
    if reason == "not_offered":
        sentences, fix, url = (_("The program isn't offered in the next fiscal year."),), "", ""
    elif reason == "not_eligible":
        sentences, fix, url = unmet, _("See eligibility requirements"), links.to("eligibility", row.pk)
    else:
        sentences, fix, url = _lacking(row, links, day)
    can_mend = row.mine or reason == "not_eligible"
    return Unrenewed(
        url=links.to("enrollment", row.pk),
        place=str(row.location),
        program=row.program.name,
        look="action_required" if reason == "incomplete" else "inactive",
        verdict=_("Would go on, but lacks something") if reason == "incomplete" else _("Would end"),
        why=sentences,
        fix=fix if can_mend else "",
        fix_url=url if can_mend else "",
        owner=names.get(Place(row.partner_id, row.location_id, row.program.code), "") if url and not can_mend else "",
    )


def _lacking(row: Enrollment, links: Links, day: dt.date) -> tuple[tuple[str, ...], str, str]:
    """What is missing now, else what will be by the first day of the new year."""
    step = next_step(row.requirements)
    if step is not None and step["turn"] == Turn.PARTNER:
        text = text_of(step)
        return (worded(text.sentence),), worded(text.action), links.mending(step, row.pk)
    tax = row.tax_profile
    if tax and tax.latest and tax.latest.expires_on and tax.latest.expires_on < day:
        when = in_words(tax.latest.expires_on, clock.now())
        sentence = _("The form of the tax profile is valid until %(when)s. Add one that is valid longer.") % {"when": when}
        return (sentence,), _("Renew the tax profile"), links.mending({"link": "tax", "profile_id": str(tax.pk)}, row.pk)
    return (worded(text_of(step).sentence) if step else _("Payout or tax information isn't complete."),), "", ""


def _unmet(rows: Iterable[Any], day: dt.date) -> dict[UUID, tuple[str, ...]]:
    """The requirements that each row's location won't meet on `day`, by their titles."""
    rows = list(rows)
    programs = Program.objects.prefetch_related("groups__items").in_bulk({row.program_id for row in rows})
    facts = facts_of(list({row.location_id: row.location for row in rows}.values()))
    found: dict[UUID, tuple[str, ...]] = {}
    for row in rows:
        decision = eligibility.evaluate(groups_of(programs[row.program_id]), facts[row.location_id], day)
        titles = [in_language(group, "title") for group in decision.groups if not group.met]
        found[row.pk] = tuple(
            _("On %(when)s the location won't meet: %(requirement)s") % {"when": in_words(day, clock.now()), "requirement": title}
            for title in titles
        )
    return found
