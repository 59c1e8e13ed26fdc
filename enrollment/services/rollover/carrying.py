"""Carrying an enrollment into the next fiscal year."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from enrollment.derivation import settle
from enrollment.facts import gather
from enrollment.models import Enrollment
from enrollment.services.enrolling import start_validations
from enrollment.status import ProfileState
from incentives_portal.core import audit
from profiles.models import PayoutProfile, TaxProfile

CARRIED = ("invited_at", "accepted_at", "accepted_by", "payout_profile", "tax_profile", "currency", "submitted_at", "submitted_by")


def lock_profiles(rows: QuerySet[Enrollment]) -> None:
    """Locks the profiles that the rows use, so that no decision or new version slips between two years.

    They come before the rows, payout before tax, as everywhere in the portal.
    """
    for model, column in ((PayoutProfile, "payout_profile"), (TaxProfile, "tax_profile")):
        used = model._base_manager.filter(pk__in=rows.filter(**{f"{column}__isnull": False}).values(column))
        list(used.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def carry_on(pairs: Sequence[tuple[Enrollment, Enrollment]], *, by: Any) -> None:
    """Gives each new row the facts of the old one, which has ended. Both are locked.

    What was accepted and submitted stays so. A validation starts only where the program pays through another entity now.
    """
    columns = [field.attname for field in Enrollment._meta.concrete_fields if field.name in CARRIED]
    for old, new in pairs:
        for column in columns:
            setattr(new, column, getattr(old, column))
        new.continued_from = old
    heirs = [new for _, new in pairs]
    for row in _unchecked(heirs):
        start_validations(row, by=by)
    settle(heirs, facts=(*CARRIED, "continued_from"), cause="continued", by=by)
    for old, new in pairs:
        audit.record("enrollment.continued", new, by=by, before={"year": str(old.year)}, after={"year": str(new.year)})


def _unchecked(rows: Sequence[Enrollment]) -> list[Enrollment]:
    facts = gather(rows)
    states = {row.pk: {facts[row.pk].payout.state, facts[row.pk].tax.state} for row in rows}
    return [row for row in rows if row.submitted_at and ProfileState.UNCHECKED in states[row.pk]]
