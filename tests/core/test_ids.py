"""Many ids at once: their list arrives as it was sent, as other lists do, and what is one of none is nothing."""

import uuid
from typing import Any

import pytest
from django.db import connection

from accounts.models import Partner
from profiles.models import PayoutProfile, PayoutProfileVersion

IDS = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), *(uuid.uuid4() for _ in range(5))]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("uuid", IDS),
        ("uuid", [*IDS, None]),
        ("uuid", []),
        ("uuid", [None]),
        ("text", ["plain", 'quoted "and" {braced}', "back\\slash", "NULL", "", None]),
        ("int", [1, -2, None]),
        ("bytea", [b"", b"\x00\xff", b"'quoted'"]),
    ],
)
def test_a_list_arrives_as_it_was_sent(kind: str, sent: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[], ARRAY(SELECT unnest(%s::{kind}[]))", [sent, sent])
        for found in cursor.fetchone():
            assert found == sent


@pytest.mark.django_db
def test_one_of_many_is_asked_as_one_array_and_of_none_nothing(partner: Partner, django_assert_num_queries: Any) -> None:
    for some in ([partner.pk], {partner.pk, uuid.uuid4()}):
        assert Partner.objects.get(pk__among=some) == partner
    keys = [b"one", b"two'\\"]
    profile = PayoutProfile.objects.create(partner=partner, name="Account")
    for number, key in enumerate([*keys, b"three"], start=1):
        version = {"payment_method": "bank_transfer", "bank_country": "SE", "identifiers": "{}", "fingerprint": key}
        PayoutProfileVersion.objects.create(profile=profile, number=number, **version)
    assert PayoutProfileVersion.objects.filter(fingerprint__among=keys, profile__among=[profile.pk]).count() == 2
    with django_assert_num_queries(0):
        assert not Partner.objects.filter(pk__among=[]) and not PayoutProfileVersion.objects.filter(fingerprint__among=set())
        assert Partner.objects.filter(pk__among=[]).update(language="sv") == 0
    assert Partner.objects.exclude(pk__among=[]).get() == partner
