"""The outcome of `enrollment.eligibility` as SQL, for the whole partner base at once (rule ELI-1).

The pure function stays the rule, and makes the receipts; this says only which groups are met. That both say the same of
random situations is proven by tests/enrollment/test_sql_says_the_same.py. Nothing is looked up row by row: what a group asks
for is the set of partners or locations that have it, within a range of them.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from enrollment.eligibility import Group, Item
from enrollment.ranges import EVERYWHERE, Range
from incentives_portal.core.fragments import Sql, joined, sql


def outcomes(asked: Mapping[UUID, Sequence[Group]], day: dt.date, within: Range = EVERYWHERE) -> Sql:
    """A question for (program_id, location_id, partner_id, eligible, met): every program's groups, stored or only thought of,
    over every location of the range on `day`. `met` has a boolean for each group, in their order.

    Read it by `fragments.rows_of`, or put it into a statement: `run(sql("INSERT … SELECT … FROM ({found}) found", found=outcomes(…)))`.
    """
    return joined(" UNION ALL ", (_of_program(program, groups, day, within) for program, groups in asked.items()), empty=_NOTHING)


_NOTHING = "SELECT NULL::uuid, NULL::uuid, NULL::uuid, false, '{}'::boolean[] WHERE false"
_OF_PROGRAM = """
SELECT %s::uuid AS program_id, l.id AS location_id, l.partner_id, true = ALL (m.met) AS eligible, m.met
FROM accounts_location l JOIN accounts_partner p ON p.id = l.partner_id
CROSS JOIN LATERAL (SELECT ARRAY[{met}]::boolean[] AS met OFFSET 0) m
WHERE {of_partner} AND {of_location}
"""


def _of_program(program: UUID, groups: Sequence[Group], day: dt.date, within: Range) -> Sql:
    return sql(
        _OF_PROGRAM,
        program,
        met=joined(", ", (meets(group, day, within) for group in groups)),
        of_partner=within.of_partner("l.partner_id"),
        of_location=within.of_location("l.id"),
    )


def meets_all(groups: Sequence[Group], day: dt.date, within: Range) -> Sql:
    """The condition that a location `l` of a partner `p`, both within the range, meets all groups on `day`."""
    return joined(" AND ", (meets(group, day, within) for group in groups), empty="TRUE")


def meets(group: Group, day: dt.date, within: Range) -> Sql:
    """The condition for one group: any item suffices."""
    return sql("({any})", any=joined(" OR ", (CONDITIONS[item.kind](item, day, within) for item in group.any_of), empty="FALSE"))


def _active_membership(item: Item, day: dt.date, within: Range) -> Sql:
    return Sql("l.membership_active")


def _membership_migrated(item: Item, day: dt.date, within: Range) -> Sql:
    return sql("coalesce(p.membership_migrated_on <= %s::date, false)", day)


def _country(item: Item, day: dt.date, within: Range) -> Sql:
    return sql("l.country = ANY (%s::text[])", list(item.countries))


def _agreement(item: Item, day: dt.date, within: Range) -> Sql:
    held = sql(
        "FROM enrollment_agreement h WHERE h.agreement = %s AND h.signed_on <= %s::date"
        " AND (h.ends_on IS NULL OR h.ends_on >= %s::date) AND {of_partner}",
        item.agreement,
        day,
        day,
        of_partner=within.of_partner("h.partner_id"),
    )
    return sql(
        "l.partner_id IN (SELECT h.partner_id {held} AND h.location_id IS NULL)"
        " OR l.id IN (SELECT h.location_id {held} AND h.location_id IS NOT NULL)",
        held=held,
    )


def _designation(item: Item, day: dt.date, within: Range) -> Sql:
    holder = "partner_id" if item.held_by == "any_location" else "id"
    column = "partner_id" if item.held_by == "any_location" else "location_id"
    return sql(
        f"l.{holder} IN (SELECT h.{column} FROM enrollment_designation h WHERE h.designation = %s AND h.level = %s"  # noqa: S608
        " AND h.awarded_on <= %s::date AND (h.expires_on IS NULL OR h.expires_on >= %s::date) AND {of_partner})",
        item.designation,
        item.level,
        day,
        day,
        of_partner=within.of_partner("h.partner_id"),
    )


CONDITIONS: dict[str, Callable[[Item, dt.date, Range], Sql]] = {
    "active_membership": _active_membership,
    "membership_migrated": _membership_migrated,
    "country": _country,
    "agreement": _agreement,
    "designation": _designation,
}
