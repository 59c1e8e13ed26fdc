"""Where a program pays through another entity now, what is carried over is validated for it (rules FIS-2, VAL-1)."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from enrollment.facts_sql import PAYOUT_STATE, PROFILES, TAX_STATE, profiles
from enrollment.ranges import Range
from incentives_portal.core import clock
from incentives_portal.core.fragments import rows_of, sql
from profiles.models import PayoutProfileVersion, TaxProfileVersion
from profiles.services import validations

# What goes on, each profile once for each program or paying entity. `ended_at` of the old rows is set already, but their profiles
# are the new rows'.
_UNCHECKED = f"""
WITH e AS (
    SELECT DISTINCT payout_profile_id, NULL::uuid AS tax_profile_id, program_id, NULL::timestamptz AS ended_at
    FROM going WHERE goes_on AND submitted
    UNION ALL
    SELECT DISTINCT ON (going.tax_profile_id, g.paying_entity) NULL, going.tax_profile_id, going.program_id, NULL
    FROM going JOIN enrollment_program g ON g.id = going.program_id WHERE going.goes_on AND going.submitted
), stands AS (
    SELECT g.paying_entity, pv.id AS payout, {PAYOUT_STATE} AS payout_state, px.id AS payout_known,
        tv.id AS tax, {TAX_STATE} AS tax_state, tx.id AS tax_known
    FROM e JOIN enrollment_program g ON g.id = e.program_id {PROFILES}
)
SELECT DISTINCT paying_entity, payout, NULL::uuid FROM stands WHERE payout_state = 'unchecked' AND payout_known IS NULL
UNION ALL SELECT DISTINCT paying_entity, NULL::uuid, tax FROM stands WHERE tax_state = 'unchecked' AND tax_known IS NULL
"""  # noqa: S608


def validate_anew(within: Range, *, by: Any) -> None:
    """Starts what nobody has begun for the profiles that go on, in the transaction that holds their locks."""
    payouts: defaultdict[str, list[UUID]] = defaultdict(list)
    taxes: defaultdict[str, list[UUID]] = defaultdict(list)
    for entity, payout, tax in rows_of(sql(_UNCHECKED, clock.today(), **profiles(within))):
        (payouts if payout else taxes)[entity].append(payout or tax)
    for entity, ids in payouts.items():
        versions = PayoutProfileVersion.objects.filter(pk__in=ids).select_related("profile").defer("identifiers")
        validations.start_all(versions, paying_entity=entity, by=by)
    for entity, ids in taxes.items():
        of_tax = TaxProfileVersion.objects.filter(pk__in=ids).select_related("profile").defer("identifiers")
        validations.start_all(of_tax, paying_entity=entity, by=by)
