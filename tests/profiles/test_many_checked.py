"""Many validations are checked at a time: as one by one, with a fixed number of queries, and none held up by another (rule VAL-2)."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment, Notice, StatusChange
from enrollment.services import enrolling
from incentives_portal.core.models import AuditEntry, Mail
from profiles import checks
from profiles.models import PayoutProfile, Validation, ValidationCheck
from profiles.services import payouts, taxes, validations
from tests import factories as make
from tests.enrollment import stages

from .conftest import IBAN, payout_fields, tax_fields

pytestmark = pytest.mark.rule("VAL-2")
Submit = Callable[..., Validation]


def accounts(count: int, partner: Partner, ines: User, submitted: Submit, **changes: Any) -> list[Validation]:
    """So many accounts under review."""
    names = [f"Account {PayoutProfile.objects.count()}-{number}" for number in range(count)]
    return [submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=name, **changes))) for name in names]


def queries_of(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as found:
        act()
    return len(found)


def test_two_hundred_take_as_many_queries_as_fifty(partner: Partner, ines: User, submitted: Submit) -> None:
    validations.check_due()
    taken = []
    for count in (50, 200):
        accounts(count, partner, ines, submitted)
        taken.append(queries_of(validations.check_due))
        assert Validation.objects.filter(decision="").count() == 0
    assert taken[0] == taken[1]


@pytest.mark.parametrize("keys", ["one", "two"], ids=["one key of the index", "while it is changed"])
def test_many_forms_take_as_many_queries_as_a_few(
    partner: Partner, ines: User, submitted: Submit, settings: Any, keys: str
) -> None:
    if keys == "two":
        settings.BLIND_INDEX_KEY += "," + base64.b64encode(bytes(32)).decode()
    taken = []
    for count in (5, 5, 20):
        for _ in range(count):
            place = make.LocationFactory.create(partner=partner)
            submitted(taxes.create(location=place, by=ines, **tax_fields()))
        taken.append(queries_of(validations.check_due))
        assert Validation.objects.filter(decision="").count() == 0
    assert taken[1] == taken[2]


def test_many_begin_with_as_many_queries_as_a_few(partner: Partner, ines: User) -> None:
    taken = []
    for count in (5, 50):
        made = [payouts.create(partner=partner, by=ines, **payout_fields(name=f"{count}-{number}")) for number in range(count)]
        versions = [one.latest for one in made if one.latest is not None]
        taken.append(queries_of(lambda versions=versions: validations.start_all(versions, paying_entity="Northwind", by=ines)))  # type: ignore[misc]
    assert taken[0] == taken[1]


@pytest.fixture
def world(partner: Partner, location: Location, ines: User, submitted: Submit) -> None:
    """Enrollments that share an account, some alone, some with a form and without an account; what is flagged, and nobody's."""
    iris = make.person("Iris Malm", partner, make.INCENTIVES_ADMIN, language="en")
    places = [location, *(make.LocationFactory.create(partner=partner, name=f"Kontor {letter}") for letter in "AB")]
    programs = [make.ProgramFactory.create(name_en=f"Program {number}") for number in "12"]
    shared = stages.payout(location, iris, "Shared")
    for place in places:
        tax = stages.tax(place, iris, f"Tax {place}")
        for program in programs:
            row = stages.accepted(place, iris, program)
            enrolling.choose(enrollment_id=row.pk, payout_profile=shared, tax_profile=tax, currency="SEK", by=iris)
            enrolling.submit(enrollment_id=row.pk, by=iris)
    stages.submitted(location, ines)
    held = stages.payout(location, iris, "Somebody's", account_holder="Somebody Else GmbH")
    row = stages.accepted(places[1], iris)
    enrolling.choose(
        enrollment_id=row.pk, payout_profile=held, tax_profile=stages.tax(places[1], iris, "Mine"), currency="SEK", by=iris
    )
    enrolling.submit(enrollment_id=row.pk, by=iris)
    accounts(3, partner, ines, submitted, account_holder="Somebody Else GmbH")
    accounts(3, partner, ines, submitted)


def rows_after(batch: int, settings: Any) -> dict[str, Any]:
    """What is written when so many are checked at a time. Nothing of it stays."""
    settings.VALIDATION_BATCH = batch
    with transaction.atomic():
        counts = validations.check_due()
        found = {
            "counts": counts,
            "findings": sorted(ValidationCheck.objects.values_list("validation", "code", "outcome", "field")),
            "decisions": sorted(
                Validation.objects.values_list("pk", "decision", "checked_at", "decided_at", "decided_by", "claimed_by")
            ),
            "entries": list(
                AuditEntry.objects.order_by("pk").values_list(
                    "act", "object_id", "object_name", "partner_id", "actor_kind", "before", "after"
                )
            ),
            "enrollments": sorted(Enrollment.objects.values_list("pk", "status", "reason", "status_since", "requirements")),
            "history": sorted(StatusChange.objects.values_list("enrollment", "before", "after", "reason", "cause", "by")),
            "notices": sorted(Notice.objects.values_list("key", "user", "enrollment", "kind")),
            "mails": sorted(Mail.objects.values_list("key", "to", "subject", "text")),
        }
        transaction.set_rollback(True)
    return found


@pytest.mark.rule("ENR-3")
def test_many_at_a_time_write_what_one_at_a_time_writes(world: None, settings: Any) -> None:
    one_by_one, some, all_at_once = (rows_after(batch, settings) for batch in (1, 3, 500))
    assert one_by_one["counts"] == {"checked": 14, "approved": 10, "waiting": 4, "failed": 0}
    kinds = {key.partition(":")[0] for key, *_ in one_by_one["mails"]}
    assert {"enrolled", "enrolled_together"} <= kinds, "or this proves less than it could"
    for other in (some, all_at_once):
        for name, rows in one_by_one.items():
            assert other[name] == rows, name


def test_one_that_can_not_be_checked_fails_alone(
    partner: Partner, ines: User, submitted: Submit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = accounts(1, partner, ines, submitted, account_holder="Norrsken Data Poison AB")[0]
    accounts(9, partner, ines, submitted)
    run = checks.run

    def stumble(subject: checks.Subject) -> Any:
        if "Poison" in subject.account_holder:
            raise ValueError(IBAN)
        return run(subject)

    monkeypatch.setattr(checks, "run", stumble)
    assert validations.check_due() == {"checked": 9, "approved": 9, "waiting": 0, "failed": 1}
    assert [record.getMessage() for record in caplog.records if "could not be checked" in record.getMessage()] == [
        f"validation {bad.pk} could not be checked: ValueError"
    ]
    assert AuditEntry.objects.filter(act="validation.approved").count() == 9
    bad.refresh_from_db()
    assert (bad.decision, bad.checked_at, bad.checks.count()) == ("", None, 0)
    monkeypatch.undo()
    assert validations.check_due()["checked"] == 1, "it is tried again"


def test_no_more_than_was_asked_for_and_the_most_urgent_first(
    partner: Partner, ines: User, submitted: Submit, settings: Any
) -> None:
    settings.VALIDATION_BATCH = 2
    accounts(6, partner, ines, submitted)
    urgent = list(Validation.objects.order_by("due_at", "pk").values_list("pk", flat=True))
    assert validations.check_due(limit=5)["checked"] == 5
    assert list(Validation.objects.filter(decision="").values_list("pk", flat=True)) == urgent[5:]
