"""Ines chooses profiles and submits."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.models import Enrollment
from profiles.models import DefaultBankProfile
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]


def url(row: Enrollment) -> str:
    return reverse("enroll", args=[row.pk])


@pytest.mark.rule("ENR-1")
@pytest.mark.rule("PAY-2")
def test_offers_the_default_preselected_and_the_others_that_fit(as_: As, ines: User, location: Location) -> None:
    default, other = stages.payout(location, ines, "Default one"), stages.payout(location, ines, "Other one")
    note = stages.payout(location, ines, "By note", payment_method="credit_note", identifiers={})
    DefaultBankProfile.objects.create(location=location, partner=location.partner, payout_profile=default, currency="EUR")
    taxes = [stages.tax(location, ines, name) for name in ("Tax A", "Tax B")]
    row = stages.accepted(location, ines)
    response = as_(ines).get(url(row))
    form, html = response.context["form"], response.content.decode()
    assert form.initial["payout_profile"] == str(default.pk) and form.initial["currency"] == "EUR"
    assert [value for value, _label in form.fields["payout_profile"].choices] == [str(default.pk), str(other.pk)]
    assert {value for value, _label in form.fields["tax_profile"].choices} == {str(tax.pk) for tax in taxes}
    assert [value for value, _label in form.fields["currency"].choices] == row.program.currencies
    assert "Default bank profile" in html
    assert "By note" in html and "pay by this payment method" in html and str(note.pk) not in html


@pytest.mark.rule("ENR-2")
def test_submits_when_nothing_is_missing(as_: As, ines: User, location: Location) -> None:
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row, client = stages.accepted(location, ines), as_(ines)
    html = client.get(url(row)).content.decode()
    assert ">Submit</button>" in html and "up to 48 hours" in html
    data = {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk), "currency": "SEK"}
    response = client.post(url(row), data, follow=True)
    assert "Submitted." in response.content.decode() and 'data-status="validating"' in response.content.decode()


@pytest.mark.rule("ENR-2")
def test_continues_to_exactly_what_is_missing_and_keeps_the_rest(as_: As, ines: User, location: Location) -> None:
    row, client = stages.accepted(location, ines), as_(ines)
    assert ">Continue</button>" in client.get(url(row)).content.decode()
    response = client.post(url(row), {"currency": "EUR"})
    assert response["Location"].startswith(reverse("payout_new")) and "next=%2Fincentives%2F" in response["Location"]
    assert url(row) in client.get(response["Location"]).content.decode()
    row.refresh_from_db()
    assert row.currency == "EUR"
    payout = stages.payout(location, ines)
    response = client.post(url(row), {"payout_profile": str(payout.pk), "currency": "EUR"})
    assert response["Location"].startswith(reverse("tax_new")) and f"location={location.pk}" in response["Location"]
    row.refresh_from_db()
    assert row.payout_profile == payout and row.submitted_at is None


@pytest.mark.rule("ENR-2")
def test_another_incentives_admin_in_scope_goes_on(as_: As, ines: User, location: Location) -> None:
    colleague = make.person("Ivar Nord", location.partner, make.INCENTIVES_ADMIN, location)
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row = stages.accepted(location, ines)
    as_(ines).post(url(row), {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk)})
    form = as_(colleague).get(url(row)).context["form"]
    assert form.initial["payout_profile"] == str(payout.pk) and form.initial["tax_profile"] == str(tax.pk)
    as_(colleague).post(url(row), {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk), "currency": "SEK"})
    row.refresh_from_db()
    assert row.submitted_by == colleague


@pytest.mark.rule("ENR-2")
def test_a_missing_currency_is_asked_for_here(as_: As, ines: User, location: Location) -> None:
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row = stages.accepted(location, ines)
    response = as_(ines).post(url(row), {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk)})
    assert response.status_code == 200 and "currency" in response.context["form"].errors


@pytest.mark.rule("ENR-3")
def test_validated_profiles_enroll_at_once(as_: As, ines: User, rita: User, location: Location) -> None:
    first = stages.decided(stages.submitted(location, ines), rita)
    assert first.status == "enrolled"
    row, client = stages.accepted(location, ines), as_(ines)
    data = {"payout_profile": str(first.payout_profile_id), "tax_profile": str(first.tax_profile_id), "currency": "SEK"}
    client.post(url(row), data | {"currency": ""})
    assert "enrolled at once" in client.get(url(row)).content.decode()
    html = client.post(url(row), data, follow=True).content.decode()
    assert "Enrolled. Both profiles were validated already." in html and 'data-status="enrolled"' in html


@pytest.mark.rule("VAL-3")
def test_a_rejected_profile_continues_to_the_field_that_mends_it(as_: As, ines: User, rita: User, location: Location) -> None:
    first = stages.decided(stages.submitted(location, ines), rita, rejected=True)
    row, client = stages.accepted(location, ines), as_(ines)
    data = {"payout_profile": str(first.payout_profile_id), "tax_profile": str(first.tax_profile_id), "currency": "SEK"}
    response = client.post(url(row), data)
    assert response["Location"].startswith(reverse("payout_edit", args=[first.payout_profile_id]))
    assert response["Location"].endswith("#field-account_holder")


def test_posting_twice_is_the_same_as_once(as_: As, ines: User, location: Location) -> None:
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row, client = stages.accepted(location, ines), as_(ines)
    data = {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk), "currency": "SEK"}
    for _time in range(2):
        assert client.post(url(row), data).status_code == 302
    row.refresh_from_db()
    assert row.status == "validating" and row.changes.filter(cause="submitted").count() == 1


@pytest.mark.rule("ACC-8")
def test_profiles_of_others_cannot_be_chosen(
    as_: As, ines: User, otto: User, location: Location, other_location: Location, second_location: Location
) -> None:
    theirs, elsewhere = stages.payout(other_location, otto), stages.tax(second_location, ines)
    row = stages.accepted(location, ines)
    response = as_(ines).post(url(row), {"payout_profile": str(theirs.pk), "tax_profile": str(elsewhere.pk), "currency": "SEK"})
    assert set(response.context["form"].errors) == {"payout_profile", "tax_profile"}
    row.refresh_from_db()
    assert row.payout_profile is None and row.currency == ""


def test_a_stale_tab_keeps_what_was_chosen_and_says_why(as_: As, ines: User, location: Location) -> None:
    payout, tax = stages.payout(location, ines), stages.tax(location, ines)
    row = stages.accepted(location, ines)
    data = {"payout_profile": str(payout.pk), "tax_profile": str(tax.pk), "currency": "SEK"}
    client = as_(ines)
    client.post(url(row), data)
    response = client.post(url(row), {"payout_profile": str(payout.pk), "currency": "EUR"})
    assert response.status_code == 200 and "submitted already" in response.content.decode()
    assert response.context["form"]["currency"].value() == "EUR"


def test_an_enrollment_that_is_not_open_leads_to_its_page(as_: As, ines: User, location: Location) -> None:
    row = stages.invited(location)
    assert as_(ines).get(url(row))["Location"] == reverse("enrollment", args=[row.pk])
    row.refresh_from_db()
    assert row.accepted_at is None
