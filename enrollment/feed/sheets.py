"""The five CSV files of the feed: their columns, what identifies a row, and the temporary table that holds them."""

from dataclasses import dataclass
from functools import cached_property

from enrollment.feed import cells
from enrollment.feed.cells import Reader


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the file and in the temporary table, its type there, and how a cell is read."""

    name: str
    read: Reader
    sql: str = "text"


@dataclass(frozen=True)
class Sheet:
    """A file. `key` identifies a row; `period` names a first and a last day, which must stand in that order."""

    file: str
    table: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    period: tuple[str, str] | None = None
    required: bool = False

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


PARTNERS = Sheet(
    "partners.csv",
    "feed_partners",
    ("pga_id",),
    (
        Column("pga_id", cells.identifier()),
        Column("legal_name", cells.text(200)),
        Column("country", cells.country),
        Column("language", cells.language),
        Column("membership_migrated_on", cells.day(optional=True), "date"),
        Column("contact_email", cells.email(optional=True)),
    ),
    required=True,
)
LOCATIONS = Sheet(
    "locations.csv",
    "feed_locations",
    ("partner_id",),
    (
        Column("partner_id", cells.identifier()),
        Column("pga_id", cells.identifier()),
        Column("name", cells.text(200)),
        Column("city", cells.text(100)),
        Column("country", cells.country),
        Column("membership_active", cells.boolean, "boolean"),
    ),
    required=True,
)
AGREEMENTS = Sheet(
    "agreements.csv",
    "feed_agreements",
    ("pga_id", "partner_id", "agreement", "signed_on"),
    (
        Column("pga_id", cells.identifier()),
        Column("partner_id", cells.identifier(optional=True)),
        Column("agreement", cells.text(60)),
        Column("signed_on", cells.day(), "date"),
        Column("ends_on", cells.day(optional=True), "date"),
    ),
    period=("signed_on", "ends_on"),
)
DESIGNATIONS = Sheet(
    "designations.csv",
    "feed_designations",
    ("partner_id", "designation", "level", "awarded_on"),
    (
        Column("partner_id", cells.identifier()),
        Column("designation", cells.text(60)),
        Column("level", cells.text(40)),
        Column("awarded_on", cells.day(), "date"),
        Column("expires_on", cells.day(optional=True), "date"),
    ),
    period=("awarded_on", "expires_on"),
)
USERS = Sheet(
    "users.csv",
    "feed_users",
    ("email",),
    (
        Column("email", cells.email()),
        Column("name", cells.text(200)),
        Column("pga_id", cells.identifier()),
        Column("role", cells.role),
        Column("partner_ids", cells.identifiers, "text[]"),
        Column("language", cells.language),
    ),
)
SHEETS = (PARTNERS, LOCATIONS, AGREEMENTS, DESIGNATIONS, USERS)
