"""Imports a feed in one transaction: everything, or nothing and a report of every fault."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from accounts.announcements import role_assigned
from accounts.models import RoleAssignment
from accounts.services.importing import import_people, new_incentives_admins
from enrollment.derivation import rederive
from enrollment.errors import RefusedError
from enrollment.feed import programs, references, staging
from enrollment.feed.faults import Faults
from enrollment.feed.merging import MERGES, Counts, merge
from enrollment.feed.offering import merge_programs
from enrollment.feed.programs import ProgramEntry
from enrollment.feed.reading import Row, read
from enrollment.feed.sheets import SHEETS, USERS, Sheet
from enrollment.feed.staging import Staged
from enrollment.models import Enrollment
from enrollment.status import Status
from incentives_portal.core.audit import By

LOCK = 4_705_205  # any number: that of the advisory lock which lets one import run at a time
Track = Callable[[Iterable[Row], str], Iterable[Row]]


@dataclass
class Imported:
    """What an import did, or would have done: counts by file, or the faults for which nothing was done."""

    files: dict[str, Counts] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "files": {} if self.faults else {file: counts.as_json() for file, counts in self.files.items()},
            "dry_run": self.dry_run,
            "error_count": len(self.faults),
            "errors": [fault.as_json() for fault in self.faults],
        }


def import_feed(directory: Path, *, by: By, dry_run: bool = False, track: Track = lambda rows, file: rows) -> Imported:
    """Brings the files of `directory` in. With a fault anywhere, or as a dry run, the database stays as it was.

    `track` wraps the rows of each file to show progress. Raises RefusedError while another import runs.
    """
    imported = Imported(dry_run=dry_run)
    with transaction.atomic():
        _alone()
        staged = [_stage(sheet, directory, imported.faults, track) for sheet in SHEETS]
        entries = _programs(directory, imported.faults)
        readable = {one.sheet for one in staged if one.rows or not imported.faults.of(one.sheet.file)}
        references.check(imported.faults, readable=readable)
        if not imported.faults:
            _merge(staged, entries, imported, by)
        if imported.faults or dry_run:
            transaction.set_rollback(True)
    return imported


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RefusedError("Another import is running. Wait until it is done, then start this one again.")


def _stage(sheet: Sheet, directory: Path, faults: Faults, track: Track) -> Staged:
    """The file in its temporary table; where it can't be read, the table stays empty."""
    staging.create_table(sheet)
    path = directory / sheet.file
    if not path.exists():
        if sheet.required:
            faults.add(sheet.file, f"the file is missing in {directory}")
        return Staged(sheet)
    return staging.fill(sheet, track(read(sheet, path, faults), sheet.file))


def _programs(directory: Path, faults: Faults) -> list[ProgramEntry] | None:
    path = directory / programs.FILE
    return programs.read_programs(path, faults) if path.exists() else None


def _merge(staged: list[Staged], entries: list[ProgramEntry] | None, imported: Imported, by: By) -> None:
    rows = {one.sheet: one.rows for one in staged if one.present}
    for one in MERGES:
        if one.sheet in rows:
            imported.files[one.sheet.file] = merge(one, rows=rows[one.sheet])
    if USERS in rows:
        imported.files[USERS.file] = _merge_people(rows[USERS], imported.faults, by)
    if entries is not None:
        offered = merge_programs(entries)
        imported.files[programs.FILE] = offered.counts
        affected = Enrollment.objects.filter(program__in=offered.changed).values_list("pk", flat=True)
        rederive(affected, cause="program_changed", by=by)


def _merge_people(rows: int, faults: Faults, by: By) -> Counts:
    people = import_people(by=by)
    for line, pga_id in people.without_global_admin:
        message = f"would take the last global admin of partner {pga_id}; name another global admin first"
        faults.add(USERS.file, message, row=line, column="role")
    if not faults:
        _pass_on_invitations(by)
    return Counts(rows, people.created, people.updated)


def _pass_on_invitations(by: By) -> None:
    """Announces new incentives admins where invitations wait for one (rule INV-2); elsewhere there is nothing to hear."""
    waiting = Enrollment.objects.filter(status=Status.INVITED).values_list("partner_id", flat=True).distinct()
    new = RoleAssignment.objects.filter(pk__in=new_incentives_admins(list(waiting))).select_related("membership__user")
    for assignment in new.iterator(chunk_size=500):
        role_assigned.send(RoleAssignment, assignment=assignment, by=by)
