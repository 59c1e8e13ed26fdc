"""A ciphertext that was moved, altered, or whose key is gone: never decrypted, never a broken page (rule PAY-3)."""

import html
import logging
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Directory, Partner, User
from incentives_portal.core.secrets import CannotDecryptError
from profiles.errors import UnreadableError
from profiles.models import PayoutProfile, PayoutProfileVersion, TaxProfile, TaxProfileVersion, Validation
from profiles.services import payouts, validations
from profiles.services.validations import check_due
from tests.profiles.conftest import IBAN, ORGNR, OTHER_IBAN, payout_fields

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3")]
As = Callable[[User], Client]


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def spoil(profile: PayoutProfile | TaxProfile) -> None:
    """Puts the other profile's numbers in the place of this one's."""
    other = "tax" if isinstance(profile, PayoutProfile) else "payout"
    this = "payout" if isinstance(profile, PayoutProfile) else "tax"
    sql(
        f"UPDATE profiles_{this}profileversion SET identifiers = (SELECT identifiers FROM profiles_{other}profileversion LIMIT 1)"
        " WHERE profile_id = %s",
        profile.pk,
    )


def test_a_value_opens_in_its_own_row_and_column_of_its_own_table_alone(
    partner: Partner, ines: User, payout: PayoutProfile, tax: TaxProfile
) -> None:
    other = payouts.create(partner=partner, by=ines, **payout_fields(name="Other", identifiers={"iban": OTHER_IBAN}))
    Directory.objects.create(partner=partner, client_secret="a client's secret")

    # To another row of the same column, and back.
    swap = (
        "UPDATE profiles_payoutprofileversion a SET identifiers = b.identifiers FROM profiles_payoutprofileversion b"
        " WHERE a.profile_id IN (%s, %s) AND b.profile_id IN (%s, %s) AND a.id <> b.id"
    )
    sql(swap, payout.pk, other.pk, payout.pk, other.pk)
    for profile in (payout, other):
        with pytest.raises(CannotDecryptError):
            PayoutProfileVersion.objects.get(profile=profile).read_identifiers()
    sql(swap, payout.pk, other.pk, payout.pk, other.pk)
    assert PayoutProfileVersion.objects.get(profile=payout).read_identifiers() == {"iban": IBAN}

    # To another table, with the same name of the column and even the same key of the row.
    sql("UPDATE profiles_taxprofileversion SET identifiers = (SELECT identifiers FROM profiles_payoutprofileversion LIMIT 1)")
    with pytest.raises(CannotDecryptError):
        TaxProfileVersion.objects.get().read_identifiers()
    sql("UPDATE accounts_directory SET client_secret = (SELECT identifiers FROM profiles_payoutprofileversion LIMIT 1)")
    with pytest.raises(CannotDecryptError):
        Directory.objects.get().client_secret.reveal()

    # The row takes another key: the value stays behind.
    version = PayoutProfileVersion.objects.get(profile=other)
    version.pk = payout.pk
    with pytest.raises(CannotDecryptError):
        version.identifiers.reveal()


def test_every_single_bit_counts(payout: PayoutProfile) -> None:
    version = PayoutProfileVersion.objects.get()
    stored = bytes(PayoutProfileVersion.objects.values_list("identifiers", flat=True).get())
    for at in range(len(stored) * 8):
        altered = bytearray(stored)
        altered[at // 8] ^= 1 << at % 8
        version.identifiers = bytes(altered)
        with pytest.raises(CannotDecryptError):
            version.identifiers.reveal()


@pytest.mark.parametrize("kind", ["payout", "tax"])
def test_the_pages_of_such_a_profile_stand_and_its_numbers_can_be_typed_again(
    as_: As, ines: User, payout: PayoutProfile, tax: TaxProfile, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    profile = payout if kind == "payout" else tax
    spoil(profile)
    client = as_(ines)
    for name, args in (("profiles", []), (kind, [profile.pk])):
        assert client.get(reverse(name, args=args)).status_code == 200
    with caplog.at_level(logging.ERROR):
        edit = client.get(reverse(f"{kind}_edit", args=[profile.pk]))
    assert edit.status_code == 200
    assert "The saved numbers can't be read" in words(edit)
    assert f"profiles_{kind}profileversion/identifiers/{profile.latest_id}" in caplog.text
    assert "leave empty to keep it" not in words(edit)

    fields = {name: value for name, value in edit.context["form"].initial.items() if value is not None}
    fields["seen"] = "1"
    empty = client.post(reverse(f"{kind}_edit", args=[profile.pk]), fields)
    assert empty.status_code == 200
    assert empty.context["form"].errors
    number = {"iban": IBAN} if kind == "payout" else {"orgnr": ORGNR}
    assert client.post(reverse(f"{kind}_edit", args=[profile.pk]), fields | number).status_code == 302
    profile.refresh_from_db()
    assert profile.latest is not None
    assert (profile.latest.number, profile.latest.read_identifiers()) == (2, number)


def test_a_review_shows_it_and_nobody_can_approve_it(
    as_: As, rita: User, payout: PayoutProfile, tax: TaxProfile, submitted: Callable[..., Validation]
) -> None:
    validation = submitted(payout)
    spoil(payout)
    assert check_due()["failed"] == 1
    client = as_(rita)
    assert client.get(reverse("reviews")).status_code == 200
    assert client.get(reverse("review", args=[validation.pk])).status_code == 200
    with pytest.raises(UnreadableError):
        validations.approve(validation=validation, by=rita)
    answer = client.post(reverse("review_approve", args=[validation.pk]), follow=True)
    assert "can't be read any more" in words(answer)
    validation.refresh_from_db()
    assert validation.decision == ""
    answer = client.post(reverse("review_reject", args=[validation.pk]), {"reason_iban": "other", "note_iban": "Type it again."})
    validation.refresh_from_db()
    assert validation.decision == "rejected"


def test_any_other_page_that_needs_such_a_value_says_what_to_do(
    client: Client, ines: User, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.ADMINS = [("Operations", "operations@operator.example")]
    seed = generate_totp_secret()
    TOTP.activate(ines, seed)
    sql("""UPDATE mfa_authenticator SET data = data || '{"secret": "no value of ours"}'""")
    client.post(reverse("account_login"), {"login": ines.email, "password": "correct-horse-battery"})
    with caplog.at_level(logging.DEBUG):
        answer = client.post(reverse("mfa_authenticate"), {"code": "123456"})
    assert answer.status_code == 503
    assert "A stored number can't be read" in words(answer)
    assert settings.SUPPORT_EMAIL in words(answer)
    assert seed not in caplog.text
    assert "a stored secret can't be read: mfa_authenticator/secret" in caplog.text
