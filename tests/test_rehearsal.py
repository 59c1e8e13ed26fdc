"""A whole year on sixty locations, in a database of its own (rules OPS-2, FIS-2, FIS-3)."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from incentives_portal.core import clock
from incentives_portal.core.models import Mail, Run
from incentives_portal.rehearsal import counting
from incentives_portal.rehearsal.database import refuse_unless_for_rehearsals
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.rule("OPS-2")]


def rehearsed(*options: str) -> tuple[dict[str, Any], int]:
    out, code = io.StringIO(), 0
    try:
        call_command("rehearse_year", "--locations=60", "--one-by-one=12", "--json", *options, stdout=out)
    except CommandError as complaint:
        code = complaint.returncode
    return json.loads(out.getvalue()), code


@pytest.mark.rule("FIS-2")
@pytest.mark.rule("FIS-3")
def test_every_number_of_a_year_is_what_it_must_be() -> None:
    partner = make.PartnerFactory.create()
    shift = clock.shift()
    report, code = rehearsed()
    wrong = [one for stop in report["stops"] for one in stop["compared"] if not one["agrees"]]
    assert not wrong
    assert (code, report["differences"]) == (0, 0)
    did = {stop["name"]: stop["did"] for stop in report["stops"]}
    assert did["answered"]["one_by_one"] == 12
    for stop, what in (
        ("invited", "invited"),
        ("answered", "submitted"),
        ("answered", "declined"),
        ("validated", "approved"),
        ("overdue and reviewed", "flagged"),
        ("applied", "continued"),
        ("applied", "held"),
        ("applied", "ended"),
        ("next year", "invited"),
    ):
        assert did[stop][what] > 0, (stop, what)
    # Here nothing has happened but a row in the ledger.
    assert clock.shift() == shift
    assert not Mail.objects.exists()
    assert type(partner).objects.get() == partner
    assert Run.objects.get().outcome == "done"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'rehearsal%%'")
        assert cursor.fetchone() == (0,)


def test_a_number_that_differs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = counting.ask
    monkeypatch.setattr(counting, "ask", lambda sql, **values: ask(sql, **values) + (sql == counting.COUNT_COMPLETE))
    report, code = rehearsed()
    assert code == 3
    assert {one["what"] for stop in report["stops"] for one in stop["compared"] if not one["agrees"]} == {"enrolled"}


def test_it_refuses_any_other_database() -> None:
    with pytest.raises(CommandError, match="no database for rehearsals"):
        refuse_unless_for_rehearsals()
