from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.fragments import run, sql
from profiles import checks
from profiles.checks import CheckResult
from profiles.models import Validation
from profiles.models.validation import UNDECIDED

from .deciding import store

WORST_FIRST = ("failed", "flagged", "passed")
# What a validation is checked for only as long as nothing has come of it otherwise (rules VAL-5, PAY-5).
KINDS: dict[str, dict[str, Any]] = {
    "payout_version__profile": {"latest": F("payout_version"), "archived_at": None, "frozen_at": None},
    "tax_version__profile": {"latest": F("tax_version"), "archived_at": None},
}
CHECKED: dict[str, Any] = {"checked_at": DatabaseNow(), "ask_token": None, "asked_until": None, "ask_after": None}
_FOUND = """
INSERT INTO profiles_validationcheck (validation_id, code, outcome, field)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
"""


def lock_unchecked(among: QuerySet[Validation], size: int) -> list[Validation]:
    """The most urgent of `among` for which the automatic checks have still to run, locked with their profiles.

    What another worker or a reviewer holds is left to them. So nobody is waited for, and of several workers each gets others.
    """
    found = list(chain.from_iterable(_with_profiles_locked(among, profile)[:size] for profile in KINDS))
    found = sorted(found, key=lambda one: (one.due_at, one.pk))[:size]
    free = Validation.objects.select_for_update(skip_locked=True).filter(
        UNDECIDED, pk__among=[one.pk for one in found], checked_at=None
    )
    still = set(free.order_by("pk").values_list("pk", flat=True))
    return [one for one in found if one.pk in still]


def _with_profiles_locked(among: QuerySet[Validation], profile: str) -> QuerySet[Validation]:
    rows = among.filter(UNDECIDED, checked_at=None, **{f"{profile}__{column}": value for column, value in KINDS[profile].items()})
    # Many are of one partner, which is read once.
    rows = rows.select_related(profile).prefetch_related("partner").order_by("due_at", "pk")
    return rows.select_for_update(of=(profile,), skip_locked=True, no_key=True)


def conclude(locked: Validation, findings: Iterable[CheckResult], by: Any) -> str:
    """The same as `conclude_all` for one."""
    return conclude_all([(locked, findings)], by)[0]


def conclude_all(checked: Sequence[tuple[Validation, Iterable[CheckResult]]], by: Any) -> list[str]:
    """Stores what the checks found, and approves where all is well: *approved*, or *waiting* for a reviewer (rule VAL-2).

    A fixed number of statements, whatever the number of validations.
    """
    found = [(locked, _once_each(findings)) for locked, findings in checked]
    _store_findings(found)
    # An account that is cooling off wears a flag (see `subjects`): it waits for a person, also when the time is over.
    outcomes = [
        "approved" if checks.verdict(all_of_it) == "approve" and settings.AUTOMATIC_APPROVAL else "waiting"
        for _, all_of_it in found
    ]
    of_outcome: dict[str, list[Validation]] = {"approved": [], "waiting": []}
    for (locked, _), outcome in zip(found, outcomes, strict=True):
        of_outcome[outcome].append(locked)
    if of_outcome["waiting"]:
        Validation.objects.filter(pk__among=[one.pk for one in of_outcome["waiting"]]).update(**CHECKED)
    if of_outcome["approved"]:
        store(of_outcome["approved"], Validation.Decision.APPROVED, by=by, **CHECKED)
    return outcomes


def _store_findings(found: Sequence[tuple[Validation, Sequence[CheckResult]]]) -> None:
    """An array for each column: Django's `bulk_create` takes ten times as long, and there are seven for each validation."""
    rows = [(locked.pk, one.code, one.outcome, one.field) for locked, all_of_it in found for one in all_of_it]
    if rows:
        run(sql(_FOUND, *(list(column) for column in zip(*rows, strict=True))))


def _once_each(findings: Iterable[CheckResult]) -> list[CheckResult]:
    """One finding per code and field: where the portal and a provider say different things, the worse one."""
    kept: dict[tuple[str, str], CheckResult] = {}
    for one in findings:
        before = kept.get((one.code, one.field))
        if before is None or WORST_FIRST.index(one.outcome) < WORST_FIRST.index(before.outcome):
            kept[one.code, one.field] = one
    return list(kept.values())
