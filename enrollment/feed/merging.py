"""Brings the temporary tables into the portal's: new rows are created, differing ones updated, others left untouched.

Rows that the feed does not name stay as they are: an export may be of some partners only.
"""

from dataclasses import dataclass

from django.db import connection

from enrollment.feed.sheets import AGREEMENTS, DESIGNATIONS, LOCATIONS, PARTNERS, Sheet


@dataclass(frozen=True, slots=True)
class Merge:
    """How a file goes into a table: what of the feed fills which column, what identifies a row, what may change."""

    sheet: Sheet
    table: str
    fills: dict[str, str]  # column of the table: expression over the feed's row `f` and what it joins
    source: str
    conflict: str
    changes: tuple[str, ...]


MERGES = (
    Merge(
        PARTNERS,
        "accounts_partner",
        {"id": "uuidv7()"} | {name: f"f.{name}" for name in PARTNERS.names},
        "feed_partners f",
        "(pga_id)",
        PARTNERS.names[1:],
    ),
    Merge(
        LOCATIONS,
        "accounts_location",
        {"id": "uuidv7()", "mpn_id": "f.partner_id", "partner_id": "p.id"} | {name: f"f.{name}" for name in LOCATIONS.names[2:]},
        "feed_locations f JOIN accounts_partner p ON p.pga_id = f.pga_id",
        "(mpn_id)",
        LOCATIONS.names[2:],
    ),
    Merge(
        AGREEMENTS,
        "enrollment_agreement",
        {"partner_id": "p.id", "location_id": "l.id"} | {name: f"f.{name}" for name in AGREEMENTS.names[2:]},
        "feed_agreements f JOIN accounts_partner p ON p.pga_id = f.pga_id LEFT JOIN accounts_location l ON l.mpn_id = f.partner_id",
        "ON CONSTRAINT agreement_once",
        ("ends_on",),
    ),
    Merge(
        DESIGNATIONS,
        "enrollment_designation",
        {"partner_id": "l.partner_id", "location_id": "l.id"} | {name: f"f.{name}" for name in DESIGNATIONS.names[1:]},
        "feed_designations f JOIN accounts_location l ON l.mpn_id = f.partner_id",
        "(location_id, designation, level, awarded_on)",
        ("expires_on",),
    ),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a file's rows."""

    rows: int = 0
    created: int = 0
    updated: int = 0

    def as_json(self) -> dict[str, int]:
        unchanged = self.rows - self.created - self.updated
        return {"rows": self.rows, "created": self.created, "updated": self.updated, "unchanged": unchanged}


def merge(one: Merge, *, rows: int) -> Counts:
    """Brings one file in and says what became of its `rows` rows."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(one))
        created, updated = cursor.fetchone()
    return Counts(rows, created, updated)


def _statement(one: Merge) -> str:
    # The texts are constants of this module; nothing of the feed is part of them.
    # A row that was just inserted has no xmax; an updated one has that of the lock it was updated under.
    old, new = (", ".join(f"{row}.{name}" for name in one.changes) for row in ("t", "excluded"))
    return f"""
        WITH merged AS (
            INSERT INTO {one.table} AS t ({", ".join(one.fills)})
            SELECT {", ".join(one.fills.values())} FROM {one.source} ORDER BY f.line
            ON CONFLICT {one.conflict} DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in one.changes)}
            WHERE ROW({old}) IS DISTINCT FROM ROW({new})
            RETURNING xmax = 0 AS created
        )
        SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM merged
    """  # noqa: S608
