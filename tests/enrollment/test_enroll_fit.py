"""What is chosen for an enrollment has to fit the program: its currencies, and the form that its payer needs (rule ENR-1)."""

from collections.abc import Callable

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Location, User
from profiles.models import PayoutProfile
from tests.enrollment import journeys, stages

As = Callable[[User], Client]


@pytest.fixture
def american(location: Location, ines: User) -> PayoutProfile:
    """An account that only the clearing of the United States reaches."""
    numbers = {"routing": "021000021", "account": "000123456789"}
    return journeys.bank(location, ines, bank_country="US", identifiers=numbers)


@pytest.mark.rule("PAY-1")
def test_a_currency_that_does_not_reach_the_account_is_refused_where_it_is_chosen(
    as_: As, ines: User, location: Location, american: PayoutProfile
) -> None:
    tax = stages.tax(location, ines)
    row = stages.accepted(location, ines)
    row.program.currencies = ["SEK", "USD"]
    row.program.save()
    chosen = {"payout_profile": str(american.pk), "tax_profile": str(tax.pk), "currency": "SEK"}
    response = as_(ines).post(reverse("enroll", args=[row.pk]), chosen)
    assert "can only be paid in USD" in str(response.context["form"].errors["currency"])
    row.refresh_from_db()
    assert row.submitted_at is None
    assert as_(ines).post(reverse("enroll", args=[row.pk]), chosen | {"currency": "USD"}).status_code == 302
    row.refresh_from_db()
    assert row.submitted_at is not None
    response = as_(ines).post(reverse("enroll", args=[row.pk]), chosen)
    row.refresh_from_db()
    assert response.status_code == 200 and row.currency == "USD"


@pytest.mark.rule("PAY-1")
def test_an_account_that_no_currency_of_the_program_reaches_is_not_offered(
    as_: As, ines: User, location: Location, american: PayoutProfile
) -> None:
    row = stages.accepted(location, ines)
    row.program.currencies = ["SEK", "EUR"]
    row.program.save()
    choices = as_(ines).get(reverse("enroll", args=[row.pk])).context["choices"]
    assert not choices.payouts
    assert "can only be paid in USD" in choices.unfit[0].why_not


@pytest.mark.rule("TAX-1")
def test_a_payer_in_the_united_states_asks_for_its_form(as_: As, ines: User, location: Location) -> None:
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row = stages.accepted(location, ines)
    client, url = as_(ines), reverse("enroll", args=[row.pk])
    chosen = {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk), "currency": row.program.currencies[0]}
    with override_settings(US_PAYING_ENTITIES=[row.program.paying_entity]):
        assert f"{row.program.paying_entity} needs the form W-8BEN-E" in client.get(url).content.decode()
        response = client.post(url, chosen)
    assert response["Location"].startswith(reverse("tax_edit", args=[tax.pk]))
    assert response["Location"].endswith("#field-form_kind")
