"""An account and a tax number that nobody else has, searched for wherever they must not be (rule PAY-3)."""

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from redis import Redis

from accounts.models import Location, User
from incentives_portal.core.models import AuditEntry, Mail, Run
from incentives_portal.core.secrets import CannotDecryptError
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfileVersion, Validation
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3")]
As = Callable[[User], Client]
IBAN, ORGNR = "DE75512108001245126199", "2120001355"
NUMBERS = (IBAN, IBAN[4:], "1245126199", "1245 1261 99", ORGNR, "212000-1355")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def clean(where: str, text: str) -> None:
    assert [number for number in NUMBERS if number in text] == [], where


def save(client: Client, location: Location, **changes: str) -> list[Any]:
    """What Ines' browser sends: both profiles with their numbers, mistyped first."""
    bank = {"name": "Canary", "payment_method": "bank_transfer", "bank_country": "DE", "account_holder": "Norrsken Data AB"}
    tax = {"name": "Canary", "legal_name": "Norrsken Data AB", "street": "Storgatan 1", "city": "Göteborg", "country": "SE"}
    tax |= {"classification": "company", "form_kind": "local"}
    new_tax = f"{reverse('tax_new')}?location={location.pk}"
    return [
        client.post(reverse("payout_check", args=["iban"]), {"bank_country": "DE", "iban": IBAN}),
        client.post(reverse("payout_new"), bank | {"name": "", "iban": IBAN}),
        client.post(reverse("payout_new"), bank | {"show": "1", "iban": IBAN}),
        client.post(reverse("payout_new"), bank | {"iban": IBAN}),
        client.post(new_tax, tax | {"name": "", "orgnr": ORGNR}),
        client.post(new_tax, tax | {"orgnr": ORGNR}),
    ]


def test_the_numbers_stand_nowhere(
    as_: As, location: Location, ines: User, gunnar: User, rita: User, logged: pytest.LogCaptureFixture
) -> None:
    client = as_(ines)
    program = make.ProgramFactory.create()
    row = journeys.accepted(program, location, ines)
    for answer in save(client, location):
        clean("an answer", answer.content.decode())
    payout, tax = PayoutProfile.objects.get(name="Canary"), TaxProfileVersion.objects.get(profile__name="Canary").profile
    chosen = {"payout_profile": payout.pk, "tax_profile": tax.pk, "currency": "SEK"}
    assert client.post(reverse("enroll", args=[row.pk]), chosen).status_code == 302
    validation = Validation.objects.get(payout_version=payout.latest)
    as_(rita).post(
        reverse("review_reject", args=[validation.pk]), {"reason_iban": "other", "note_iban": "Not an account of this company."}
    )
    call_command("health", json=True, stdout=io.StringIO())
    pages = {
        ines: ["profiles", "home", "overview", "defaults"],
        gunnar: ["home", "overview", "people"],
        rita: ["reviews", "home"],
    }
    for user, names in pages.items():
        for name in names:
            clean(name, as_(user).get(reverse(name)).content.decode())
    for name, pk in (("payout", payout.pk), ("payout_edit", payout.pk), ("tax", tax.pk), ("tax_edit", tax.pk), ("enroll", row.pk)):
        clean(name, client.get(reverse(name, args=[pk])).content.decode())
    clean("the review", as_(rita).get(reverse("review", args=[validation.pk])).content.decode())
    clean("mails", "".join(mail.subject + mail.text + mail.html for mail in Mail.objects.all()))
    clean("audit", str(list(AuditEntry.objects.values_list())))
    clean("runs", str(list(Run.objects.values_list())))
    clean("sessions", "".join(str(session.get_decoded()) for session in Session.objects.all()))
    clean("logs", logged.text)
    with Redis.from_url(settings.REDIS_URL) as redis:
        clean("redis", str([(key, redis.dump(key)) for key in redis.keys("*")]))


def test_the_numbers_stand_in_no_table(as_: As, location: Location, ines: User) -> None:
    save(as_(ines), location)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            clean(table, str(cursor.fetchall()))


def test_a_page_that_breaks_shows_and_logs_no_number(
    as_: As, location: Location, ines: User, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ADMINS = [("Operations", "operations@operator.example")]

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("profiles.services.payouts._add_version", broken)
    client = as_(ines)
    client.raise_request_exception = False
    answer = save(client, location)[3]
    assert answer.status_code == 500
    clean("the error page", answer.content.decode())
    clean("logs", logged.text)


def test_a_ciphertext_of_another_row_does_not_open(location: Location, ines: User) -> None:
    one = journeys.bank(location, ines)
    other = journeys.bank(location, ines, identifiers={"iban": IBAN}, bank_country="DE")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE profiles_payoutprofileversion a SET identifiers = b.identifiers FROM profiles_payoutprofileversion b "
            "WHERE a.profile_id = %s AND b.profile_id = %s",
            [one.pk, other.pk],
        )
    moved = PayoutProfileVersion.objects.get(profile=one)
    with pytest.raises(CannotDecryptError):
        moved.read_identifiers()
