"""The operator's page: counted in a fixed number of queries, pictures with their numbers (rule OPS-1)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, User
from incentives_portal.core.models import AuditEntry, Mail, Run
from tests import factories as make
from tests.enrollment import stages

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]
As = Callable[[User], Client]


def page(client: Client) -> Any:
    return client.get(reverse("operations"))


@pytest.fixture
def dead() -> Mail:
    return Mail.objects.create(
        key="dead", kind="invitation", to="gone@partner.example", language="en", subject="You are invited", text="t", html="h",
        message_id="<dead@partner-center>", state="dead", attempts=12, last_error="SMTPRecipientsRefused 550",
    )  # fmt: skip


def test_the_funnel_counts_how_far_the_invited_came(as_: As, petra: User, location: Location, ines: User) -> None:
    first = stages.accepted(location, ines)
    found = page(as_(petra)).context["found"]
    assert [level.count for level in found.all.levels] == [1, 1, 0, 0]
    (program,) = found.by_program
    assert (program.name, [level.count for level in program.levels]) == (first.program.name, [1, 1, 0, 0])
    assert [funnel.name for funnel in found.by_country] == ["Sweden"]
    assert [(row.what, row.count, row.ages[0]) for row in found.waiting] == [
        ("Invitations without an answer", 0, 0),
        ("Accepted, something is missing", 1, 1),
        ("Validating enrollment", 0, 0),
    ]


def test_an_empty_portal_has_a_page_too(as_: As, rita: User) -> None:
    answer = page(as_(rita))
    assert answer.status_code == 200
    assert "No command has run yet" in answer.content.decode()


def test_its_queries_are_fixed(as_: As, petra: User, location: Location, ines: User) -> None:
    client = as_(petra)
    stages.accepted(location, ines)
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    for _ in range(3):
        stages.accepted(location, ines)
    for number in range(5):
        make.EnrollmentFactory.create()
        Run.objects.create(command=f"c{number}", started_by="x")
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) == len(few) <= 26


def test_pictures_are_hidden_from_readers_and_numbers_stand_beside_them(
    as_: As, petra: User, location: Location, ines: User
) -> None:
    stages.accepted(location, ines)
    text = page(as_(petra)).content.decode()
    pictures = re.findall(r"<svg[^>]*>", text.partition("<main")[2])
    assert len(pictures) >= 6
    assert all('aria-hidden="true"' in one for one in pictures)
    assert not re.search(r'(?:width|height|x|y)="\d+,', text), "no decimal commas in a picture"


def test_a_program_manager_sends_dead_letters_again_and_a_reviewer_sees_them(as_: As, petra: User, rita: User, dead: Mail) -> None:
    seen = page(as_(rita)).content.decode()
    assert "gone@partner.example" in seen and "Send again" not in seen
    assert as_(rita).post(reverse("mails_requeue"), {"mail": str(dead.pk)}).status_code == 403
    answer = as_(petra).post(reverse("mails_requeue"), {"mail": str(dead.pk)}, follow=True)
    assert "1 mail will be sent again." in answer.content.decode()
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("owed", 0)
    assert AuditEntry.objects.get(act="mail.requeued").actor_id == petra.pk
    assert as_(petra).post(reverse("mails_requeue"), {"mail": "nonsense"}).status_code == 404


def test_partners_have_no_such_page(as_: As, gunnar: User, ines: User) -> None:
    for person in (gunnar, ines):
        assert page(as_(person)).status_code == 403
