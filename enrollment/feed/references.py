"""What only the files together, and the portal, can tell: repeated keys, and references that lead nowhere or astray.

A file that is absent or unreadable answers no question: what refers to it is then not held against anybody.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from enrollment.feed.faults import LISTED, Faults
from enrollment.feed.sheets import AGREEMENTS, DESIGNATIONS, LOCATIONS, PARTNERS, SHEETS, USERS, Sheet

# Partners and locations that a row may name: those of the feed, else those of the portal. A location whose own row names an
# unknown partner has none here, so that its mistake is not repeated for every row that names the location.
KNOWN = """
DROP TABLE IF EXISTS pg_temp.known_partners, pg_temp.known_locations;
CREATE TEMP TABLE known_partners ON COMMIT DROP AS
    SELECT pga_id FROM feed_partners WHERE pga_id IS NOT NULL UNION SELECT pga_id FROM accounts_partner;
CREATE TEMP TABLE known_locations ON COMMIT DROP AS
    SELECT DISTINCT ON (partner_id) partner_id, pga_id FROM (
        SELECT f.partner_id, k.pga_id, 1 AS precedence FROM feed_locations f LEFT JOIN known_partners k USING (pga_id)
        WHERE f.partner_id IS NOT NULL
        UNION ALL
        SELECT l.mpn_id, p.pga_id, 2 FROM accounts_location l JOIN accounts_partner p ON p.id = l.partner_id
    ) named ORDER BY partner_id, precedence;
CREATE UNIQUE INDEX ON known_partners (pga_id);
CREATE UNIQUE INDEX ON known_locations (partner_id);
ANALYZE known_partners;
ANALYZE known_locations;
"""

UNKNOWN_PARTNER = """
SELECT f.line, f.pga_id, '' FROM {table} f
WHERE f.pga_id IS NOT NULL AND NOT EXISTS (SELECT FROM known_partners k WHERE k.pga_id = f.pga_id)
"""
UNKNOWN_LOCATION = """
SELECT f.line, f.partner_id, '' FROM {table} f
WHERE f.partner_id IS NOT NULL AND NOT EXISTS (SELECT FROM known_locations k WHERE k.partner_id = f.partner_id)
"""
LOCATION_MOVED = """
SELECT f.line, f.pga_id, p.pga_id FROM feed_locations f JOIN known_partners k ON k.pga_id = f.pga_id
JOIN accounts_location l ON l.mpn_id = f.partner_id JOIN accounts_partner p ON p.id = l.partner_id
WHERE p.pga_id <> f.pga_id
"""
ANOTHERS_LOCATION = """
SELECT f.line, f.partner_id, k.pga_id FROM feed_agreements f
JOIN known_locations k ON k.partner_id = f.partner_id WHERE k.pga_id <> f.pga_id
"""
UNKNOWN_IN_LIST = """
SELECT f.line, named.partner_id, '' FROM feed_users f CROSS JOIN unnest(f.partner_ids) AS named (partner_id)
WHERE NOT EXISTS (SELECT FROM known_locations k WHERE k.partner_id = named.partner_id)
"""
ANOTHERS_IN_LIST = """
SELECT f.line, named.partner_id, k.pga_id FROM feed_users f CROSS JOIN unnest(f.partner_ids) AS named (partner_id)
JOIN known_locations k ON k.partner_id = named.partner_id WHERE k.pga_id <> f.pga_id
"""
ADMIN_WITH_LIST = """
SELECT f.line, array_to_string(f.partner_ids, ';'), f.role FROM feed_users f
WHERE f.role IN ('global_admin', 'account_admin') AND f.partner_ids <> '{{}}'
"""
# Nobody of the operator's belongs to a partner: they would act for it, and decide no more (accounts.services.people.join).
OPERATORS = """
SELECT f.line, f.email, '' FROM feed_users f JOIN accounts_user u ON u.email = f.email
WHERE u.is_superuser OR EXISTS (SELECT FROM accounts_operatorassignment o WHERE o.user_id = u.id)
"""
REPEATED = """
SELECT line, value, first FROM (
    SELECT line, concat_ws(' · ', {key}) AS value, min(line) OVER (PARTITION BY {key}) AS first FROM {table} WHERE keyed
) grouped WHERE line > first
"""

NO_PARTNER = "names a partner that neither partners.csv nor the portal has"
NO_LOCATION = "names a location that neither locations.csv nor the portal has"
WRONG_PARTNER = "is a location of partner {detail}, not of this row's partner"


@dataclass(frozen=True, slots=True)
class Check:
    """A question whose answers are faults: line, value and a detail for the message. `needs` are the files it asks."""

    sheet: Sheet
    column: str
    query: str
    message: str
    needs: tuple[Sheet, ...] = ()


CHECKS = (
    *(
        Check(
            sheet,
            sheet.key[0],
            REPEATED.replace("{key}", ", ".join(sheet.key)),
            "repeats the key of row {detail}; keep one of them",
        )
        for sheet in SHEETS
    ),
    Check(LOCATIONS, "pga_id", UNKNOWN_PARTNER, NO_PARTNER, (PARTNERS,)),
    Check(
        LOCATIONS,
        "pga_id",
        LOCATION_MOVED,
        "differs from the location's partner in the portal, {detail}; a location can't move to another one",
    ),
    Check(AGREEMENTS, "pga_id", UNKNOWN_PARTNER, NO_PARTNER, (PARTNERS,)),
    Check(AGREEMENTS, "partner_id", UNKNOWN_LOCATION, NO_LOCATION, (LOCATIONS,)),
    Check(AGREEMENTS, "partner_id", ANOTHERS_LOCATION, WRONG_PARTNER, (LOCATIONS,)),
    Check(DESIGNATIONS, "partner_id", UNKNOWN_LOCATION, NO_LOCATION, (LOCATIONS,)),
    Check(USERS, "email", OPERATORS, "belongs to the operator, whose people can't join a partner"),
    Check(USERS, "pga_id", UNKNOWN_PARTNER, NO_PARTNER, (PARTNERS,)),
    Check(USERS, "partner_ids", UNKNOWN_IN_LIST, NO_LOCATION, (LOCATIONS,)),
    Check(USERS, "partner_ids", ANOTHERS_IN_LIST, WRONG_PARTNER, (LOCATIONS,)),
    Check(
        USERS,
        "partner_ids",
        ADMIN_WITH_LIST,
        "lists locations, but the role {detail} holds for the entire organization; leave it empty",
    ),
)


def check(faults: Faults, *, readable: Collection[Sheet]) -> None:
    """Asks every question whose files are `readable`, and adds the faults."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN)
        for one in CHECKS:
            if one.sheet in readable and all(sheet in readable for sheet in one.needs):
                _ask(one, faults)


def _ask(one: Check, faults: Faults) -> None:
    question = one.query.format(table=one.sheet.table)
    with connection.cursor() as cursor:
        # The texts are constants of this module; nothing of the feed is part of them.
        cursor.execute(f"SELECT q.*, count(*) OVER () FROM ({question}) q (line, value, detail) ORDER BY line LIMIT {LISTED}")  # noqa: S608
        found = cursor.fetchall()
    for line, value, detail, _total in found:
        faults.add(one.sheet.file, one.message.format(detail=detail), row=line, column=one.column, value=value)
    if found:
        faults.add_unlisted(one.sheet.file, found[0][3] - len(found))
