"""Programs, run by program managers: texts and terms, fiscal years, guides, discontinuing (rule PRG-1)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment.derivation import BATCH, derive_soon, rederive
from enrollment.errors import RefusedError
from enrollment.models import Enrollment, FiscalYearOffer, Program, ProgramGuide
from incentives_portal.core import audit, clock
from incentives_portal.core.fiscal import FiscalYear
from profiles.documents.guarded import judge_safely
from profiles.documents.judging import RefusedFileError
from profiles.services.documents import plain_name

Window = tuple[dt.date | None, dt.date | None]


def lock(program: Program) -> Program:
    """The program, locked until the transaction ends."""
    return Program.objects.select_for_update(no_key=True).get(pk=program.pk)


@transaction.atomic
def create(*, code: str, values: Mapping[str, Any], by: Any) -> Program:
    """Adds a program, offered in no year and asking for nothing until that is said. Raises RefusedError for a code in use."""
    try:
        with transaction.atomic():
            program = Program.objects.create(code=code, evaluated_version=1, **values)
    except IntegrityError:
        raise RefusedError(_("There is a program with this code already.")) from None
    audit.record("program.added", program, by=by, after={"code": code} | _plain(values))
    return program


@transaction.atomic
def change(*, program: Program, values: Mapping[str, Any], by: Any) -> Program:
    """Changes texts and terms; the year's enrollments are derived anew. Saying what stands already changes nothing.

    Raises RefusedError for another paying entity once enrollments were submitted to this one: all would have to be validated
    for the other (rule VAL-1).
    """
    program = lock(program)
    fresh = {name: value for name, value in values.items() if getattr(program, name) != value}
    if not fresh:
        return program
    if "paying_entity" in fresh:
        _refuse_another_payer(program)
    before = {name: getattr(program, name) for name in fresh}
    for name, value in fresh.items():
        setattr(program, name, value)
    program.save(update_fields=list(fresh))
    audit.record("program.changed", program, by=by, before=_plain(before), after=_plain(fresh))
    _derive_anew(_this_year(program), by)
    return program


def _refuse_another_payer(program: Program) -> None:
    live = Enrollment.objects.filter(program=program, submitted_at__isnull=False, ended_at=None).count()
    if live:
        raise RefusedError(
            ngettext(
                "%(count)s enrollment was submitted to this paying entity and would have to be validated anew for another one. "
                "Discontinue this program and add another instead.",
                "%(count)s enrollments were submitted to this paying entity and would have to be validated anew for another one. "
                "Discontinue this program and add another instead.",
                live,
            )
            % {"count": live}
        )


@transaction.atomic
def offer(*, program: Program, offers: Mapping[int, Window], by: Any) -> None:
    """Sets the fiscal years that the program is offered in, each with its window of days.

    Raises RefusedError where a year is taken away in which locations are invited already.
    """
    program = lock(program)
    before = {one.fiscal_year: (one.opens_on, one.closes_on) for one in FiscalYearOffer.objects.filter(program=program)}
    if before == dict(offers):
        return
    for year in sorted(before.keys() - offers.keys()):
        _refuse_to_leave(program, year)
    FiscalYearOffer.objects.filter(program=program).exclude(fiscal_year__in=offers).delete()
    for year, (opens_on, closes_on) in offers.items():
        FiscalYearOffer.objects.update_or_create(
            program=program, fiscal_year=year, defaults={"opens_on": opens_on, "closes_on": closes_on}
        )
    audit.record("program.offered", program, by=by, before=_years(before), after=_years(offers))
    _derive_anew(_this_year(program), by)


def _refuse_to_leave(program: Program, year: int) -> None:
    count = Enrollment.objects.filter(program=program, fiscal_year=year, invited_at__isnull=False, ended_at=None).count()
    if count:
        raise RefusedError(
            ngettext(
                "%(count)s location is invited or enrolled in %(year)s already, so the year stays. Close its window, or discontinue "
                "the program.",
                "%(count)s locations are invited or enrolled in %(year)s already, so the year stays. Close its window, or "
                "discontinue the program.",
                count,
            )
            % {"count": count, "year": FiscalYear(year)}
        )


@transaction.atomic
def discontinue(*, program: Program, last_day: dt.date | None, by: Any) -> None:
    """Offers the program no longer after `last_day`; None takes that back. Its enrollments are derived anew.

    Raises RefusedError for a day before today: what was so yesterday can't be changed. Twice is the same as once.
    """
    program = lock(program)
    if program.discontinued_on == last_day:
        return
    if last_day is not None and last_day < clock.today():
        raise RefusedError(_("Choose today or a later day: the past stays as it was."))
    before, program.discontinued_on = program.discontinued_on, last_day
    program.save(update_fields=["discontinued_on"])
    act = "program.discontinued" if last_day else "program.offered_again"
    audit.record(act, program, by=by, before=_plain({"last_day": before}), after=_plain({"last_day": last_day}))
    _derive_anew(Enrollment.objects.filter(program=program), by)


def add_guide(*, program: Program, language: str, name: str, data: bytes, by: Any) -> ProgramGuide:
    """Keeps a PDF as the newest version of the guide in a language; older ones stay. The same again is the one that is there.

    Raises RefusedFileError for what is no plain PDF, whatever its name says.
    """
    judged = judge_safely(data)
    if judged.kind != "application/pdf":
        raise RefusedFileError("not_supported")
    with transaction.atomic():
        lock(program)
        newest = ProgramGuide.objects.filter(program=program, language=language).order_by("-version").first()
        if newest is not None and content_of(newest) == judged.content:
            return newest
        versions = ProgramGuide.objects.filter(program=program, language=language)
        version = (versions.aggregate(last=Max("version"))["last"] or 0) + 1
        file_name = plain_name(name)
        guide = ProgramGuide.objects.create(
            program=program,
            language=language,
            version=version,
            file_name=file_name if file_name.lower().endswith(".pdf") else f"{file_name}.pdf",
            pages=judged.pages,
            content=judged.content,
            uploaded_by=audit.person(by),
        )
        audit.record(
            "program.guide_added", program, by=by, after={"language": language, "version": version, "name": guide.file_name}
        )
    return guide


def content_of(guide: ProgramGuide) -> bytes:
    """The PDF; nothing where an older one is lost from the disk."""
    if guide.content or not guide.file:
        return bytes(guide.content)
    try:
        with guide.file.open("rb") as file:
            return bytes(file.read())
    except OSError:
        return b""


def _this_year(program: Program) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(program=program, fiscal_year__gte=FiscalYear.of(clock.today()).ends_in)


def _derive_anew(rows: QuerySet[Enrollment], by: Any) -> None:
    """At once where a person can wait for it, else by the worker."""
    ids = list(rows.values_list("pk", flat=True)[: BATCH + 1])
    if len(ids) > BATCH:
        derive_soon(rows)
    else:
        rederive(ids, cause="program_changed", by=by)


def _years(offers: Mapping[int, Window]) -> dict[str, Any]:
    return {"years": {str(FiscalYear(year)): [str(day) if day else None for day in offers[year]] for year in sorted(offers)}}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if value is None or isinstance(value, bool | int | list) else str(value) for name, value in values.items()}


def in_use(program: Program, currencies: set[str]) -> int:
    """How many live enrollments of the program are paid in one of these currencies."""
    return Enrollment.objects.filter(~Q(currency=""), program=program, currency__in=currencies, ended_at=None).count()
