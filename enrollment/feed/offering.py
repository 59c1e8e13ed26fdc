"""Brings the feed's programs into the portal: texts, fiscal years with their windows, requirements (rule PRG-1)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from enrollment import requirements
from enrollment.feed.merging import Counts
from enrollment.feed.programs import ProgramEntry, Window
from enrollment.models import FiscalYearOffer, Program


@dataclass(slots=True)
class ProgramsImported:
    """What became of the programs, and the ids of those that were there before and differ now."""

    counts: Counts = field(default_factory=Counts)
    changed: list[UUID] = field(default_factory=list)


def merge_programs(entries: Iterable[ProgramEntry]) -> ProgramsImported:
    """Creates and updates. A program that the feed does not name stays as it is."""
    imported = ProgramsImported()
    known = {program.code: program for program in Program.objects.select_for_update().prefetch_related("offers", "groups__items")}
    rows = created = 0
    for entry in entries:
        rows += 1
        program = known.get(entry.code)
        if program is None:
            created += 1
            _create(entry)
        elif _update(program, entry):
            imported.changed.append(program.pk)
    imported.counts = Counts(rows, created, len(imported.changed))
    return imported


def _create(entry: ProgramEntry) -> None:
    program = Program.objects.create(code=entry.code, **entry.columns)
    _offer(program, entry.offers)
    requirements.replace(program, entry.groups)


def _update(program: Program, entry: ProgramEntry) -> bool:
    """Whether the program differed. Other requirements are a new version of the rule (rule ELI-2)."""
    new_columns = {name: value for name, value in entry.columns.items() if getattr(program, name) != value}
    new_offers = entry.offers != {offer.fiscal_year: (offer.opens_on, offer.closes_on) for offer in program.offers.all()}
    new_groups = entry.groups != requirements.groups_of(program)
    if new_offers:
        program.offers.all().delete()
        _offer(program, entry.offers)
    if new_groups:
        requirements.replace(program, entry.groups)
        new_columns["rule_version"] = program.rule_version + 1
    if new_columns:
        Program.objects.filter(pk=program.pk).update(**new_columns)
    return bool(new_columns or new_offers)


def _offer(program: Program, offers: dict[int, Window]) -> None:
    FiscalYearOffer.objects.bulk_create(
        FiscalYearOffer(program=program, fiscal_year=year, opens_on=opens, closes_on=closes)
        for year, (opens, closes) in offers.items()
    )
