from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings

from incentives_portal.core import clock
from incentives_portal.core.fragments import run, sql
from profiles import checks
from profiles.announcements import Reviewed
from profiles.checks import CheckResult
from profiles.models import Validation

from .deciding import store

Findings = tuple[CheckResult, ...]
WORST_FIRST = ("failed", "flagged", "passed")
# Most validations find the same, which is said once, with the validations that it is true of.
_FOUND = """
INSERT INTO profiles_validationcheck (validation_id, code, outcome, field)
SELECT checked.id, found.code, found.outcome, found.field FROM unnest(%s::uuid[], %s::int[]) AS checked (id, same)
JOIN unnest(%s::int[], %s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS found (same, code, outcome, field, place) USING (same)
ORDER BY checked.id, found.place
"""


def conclude(locked: Reviewed, findings: Iterable[CheckResult], by: Any) -> str:
    """The same as `conclude_all` for one."""
    return conclude_all([(locked, tuple(findings))], by)[0]


def conclude_all(checked: Sequence[tuple[Reviewed, Findings]], by: Any) -> list[str]:
    """Stores what the checks found, and approves where all is well: *approved*, or *waiting* for a reviewer (rule VAL-2).

    A fixed number of statements, whatever the number of validations.
    """
    found = [(locked, _once_each(findings)) for locked, findings in checked]
    _store_findings(found)
    written: dict[str, Any] = {"checked_at": clock.now(), "ask_token": None, "asked_until": None, "ask_after": None}
    # An account that is cooling off wears a flag (see `subjects`): it waits for a person, also when the time is over.
    well = "approved" if settings.AUTOMATIC_APPROVAL else "waiting"
    outcomes = [well if checks.verdict(all_of_it) == "approve" else "waiting" for _, all_of_it in found]
    of_outcome: dict[str, list[Reviewed]] = {"approved": [], "waiting": []}
    for (locked, _), outcome in zip(found, outcomes, strict=True):
        of_outcome[outcome].append(locked)
    if of_outcome["waiting"]:
        Validation.objects.filter(pk__among=[one.pk for one in of_outcome["waiting"]]).update(**written)
    if of_outcome["approved"]:
        store(of_outcome["approved"], Validation.Decision.APPROVED, by=by, **written)
    return outcomes


def _store_findings(found: Sequence[tuple[Reviewed, Findings]]) -> None:
    numbers: dict[Findings, int] = {}
    same = [numbers.setdefault(findings, len(numbers)) for _, findings in found]
    rows = [(number, *one) for findings, number in numbers.items() for one in findings]
    if rows:
        run(sql(_FOUND, [locked.pk for locked, _ in found], same, *(list(column) for column in zip(*rows, strict=True))))


@lru_cache(maxsize=1_000)
def _once_each(findings: Findings) -> Findings:
    """One finding per code and field: where the portal and a provider say different things, the worse one."""
    kept: dict[tuple[str, str], CheckResult] = {}
    for one in findings:
        before = kept.get((one.code, one.field))
        if before is None or WORST_FIRST.index(one.outcome) < WORST_FIRST.index(before.outcome):
            kept[one.code, one.field] = one
    return tuple(kept.values())
