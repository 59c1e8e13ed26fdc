"""An enrollment's own page, and answering its invitation."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.models import Enrollment, StatusChange
from incentives_portal.core import clock
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]


def url(row: Enrollment, name: str = "enrollment") -> str:
    return reverse(name, args=[row.pk])


def text(client: Client, row: Enrollment, **headers: str) -> str:
    response = client.get(url(row), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.rule("INV-5")
def test_the_mails_link_leads_through_sign_in_to_the_invitation_and_reading_changes_nothing(
    client: Client, as_: As, ines: User, location: Location
) -> None:
    row = stages.invited(location)
    before = Enrollment.objects.filter(pk=row.pk).values().get()
    response = client.get(url(row))
    assert response.status_code == 302 and response["Location"].endswith(f"?next={url(row)}")
    assert "Enroll" in text(as_(ines), row)
    for name in ("accept", "decline", "undo_decline"):
        assert as_(ines).get(url(row, name)).status_code == 405
    assert Enrollment.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.rule("ACC-8")
def test_another_partners_enrollment_and_one_out_of_scope_do_not_exist(
    as_: As, ines: User, otto: User, location: Location, second_location: Location
) -> None:
    row, elsewhere = stages.invited(location), stages.invited(second_location)
    for viewer, hidden in ((otto, row), (ines, elsewhere)):
        for name in ("enrollment", "eligibility", "enroll"):
            assert as_(viewer).get(url(hidden, name)).status_code == 404
        for name in ("accept", "decline", "undo_decline", "enroll"):
            assert as_(viewer).post(url(hidden, name)).status_code == 404


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-7")
def test_who_sees_and_may_not_act_reads_who_can(
    as_: As, ines: User, ulf: User, gunnar: User, rita: User, location: Location
) -> None:
    row = stages.invited(location)
    for viewer in (ulf, gunnar, rita):
        html = text(as_(viewer), row)
        assert "Ines Duarte can do this" in html and url(row, "accept") not in html
        for name in ("accept", "decline", "undo_decline", "enroll"):
            assert as_(viewer).post(url(row, name)).status_code == 403
    row.refresh_from_db()
    assert row.accepted_at is None and row.declined_at is None


@pytest.mark.rule("ENR-1")
def test_enroll_accepts_and_goes_on_to_the_profiles(as_: As, ines: User, location: Location) -> None:
    row = stages.invited(location)
    response = as_(ines).post(url(row, "accept"))
    assert response["Location"] == url(row, "enroll")
    row.refresh_from_db()
    assert row.accepted_by == ines


@pytest.mark.rule("INV-7")
def test_declining_can_be_undone(as_: As, ines: User, location: Location) -> None:
    row, client = stages.invited(location), as_(ines)
    html = client.post(url(row, "decline"), follow=True).content.decode()
    assert "Undo declining" in html and 'data-status="inactive"' in html
    html = client.post(url(row, "undo_decline"), follow=True).content.decode()
    assert 'data-status="invited"' in html


def test_a_stale_tab_reads_a_clear_message(as_: As, ines: User, location: Location) -> None:
    row = stages.accepted(location, ines)
    response = as_(ines).post(url(row, "decline"), follow=True)
    assert "Only an open invitation can be declined" in response.content.decode()


@pytest.mark.rule("STA-1")
@pytest.mark.rule("VAL-1")
def test_says_until_when_the_operator_decides(as_: As, ines: User, location: Location) -> None:
    row = stages.submitted(location, ines)
    html = text(as_(ines), row)
    assert "about 48 hours left" in html and "Decision by" in html
    clock.move(by=dt.timedelta(hours=17))
    assert "about 31 hours left" in text(as_(ines), row)


@pytest.mark.rule("VAL-4")
def test_says_plainly_that_the_decision_is_overdue(as_: As, ines: User, location: Location) -> None:
    row = stages.submitted(location, ines)
    clock.move(by=dt.timedelta(hours=49))
    html = text(as_(ines), row)
    assert "The decision is overdue" in html and 'data-status="validating"' in html


@pytest.mark.rule("VAL-3")
def test_a_rejection_reads_its_reason_with_a_link_to_the_field(
    as_: As, ines: User, ulf: User, rita: User, location: Location
) -> None:
    row = stages.decided(stages.submitted(location, ines), rita, rejected=True)
    html = text(as_(ines), row)
    assert "The account holder isn&#x27;t the company" in html
    assert f"{reverse('payout_edit', args=[row.payout_profile_id])}?next=" in html and "#field-account_holder" in html
    seen_by_ulf = text(as_(ulf), row)
    assert "#field-account_holder" not in seen_by_ulf and "Ines Duarte can do this" in seen_by_ulf


@pytest.mark.rule("STA-2")
def test_keeps_a_timeline_of_who_caused_what(as_: As, ines: User, rita: User, location: Location) -> None:
    row = stages.decided(stages.submitted(location, ines), rita)
    html = text(as_(ines), row)
    for words in (
        "The location was invited",
        "The invitation was accepted",
        "The enrollment was submitted",
        "Bank or tax information was validated",
    ):
        assert words in html
    assert 'data-status="enrolled"' in html
    assert StatusChange.objects.filter(enrollment=row, by=ines).exists()


def test_looks_again_by_itself_only_while_validating(as_: As, ines: User, rita: User, location: Location) -> None:
    row, client = stages.submitted(location, ines), as_(ines)
    version = client.get(url(row)).context["standing"].version
    assert "every 5s" in text(client, row)
    same = client.get(url(row), {"seen": version}, headers={"HX-Request": "true"})
    assert same.status_code == 204
    stages.decided(row, rita)
    changed = client.get(url(row), {"seen": version}, headers={"HX-Request": "true"})
    assert b'data-status="enrolled"' in changed.content and b"every 5s" not in changed.content and b"<html" not in changed.content


@pytest.mark.rule("ENR-2")
def test_profiles_are_named_to_incentives_admins_alone(as_: As, ines: User, ulf: User, gunnar: User, location: Location) -> None:
    row = stages.submitted(location, ines)
    assert f"Account {row.pk}" in text(as_(ines), row)
    for viewer in (ulf, gunnar):
        assert f"Account {row.pk}" not in text(as_(viewer), row)


@pytest.mark.rule("PRG-2")
def test_links_to_the_part_of_the_guide_that_it_is_about(as_: As, ulf: User, location: Location) -> None:
    row = stages.invited(location)
    assert f"{reverse('guide')}#invitation" in text(as_(ulf), row)


@pytest.mark.rule("ELI-2")
def test_eligibility_shows_what_is_met_what_is_not_and_what_would_meet_it(
    as_: As, ulf: User, location: Location, second_location: Location
) -> None:
    missing, met = stages.unmet(location), stages.invited(second_location)
    html = as_(ulf).get(url(missing, "eligibility")).content.decode()
    assert 'data-state="open"' in html and "The membership isn&#x27;t active." in html
    assert "Activate or renew the membership" in html and "Updated daily, last update" in html
    assert "can assign one" not in text(as_(ulf), missing) and "Nobody is incentives admin" not in text(as_(ulf), missing)
    html = as_(ulf).get(url(met, "eligibility")).content.decode()
    assert 'data-state="met"' in html and "This location is eligible" in html


@pytest.mark.rule("ELI-2")
def test_eligibility_puts_every_kind_of_item_into_words(as_: As, ulf: User, location: Location) -> None:
    row = stages.unmet(location)
    blank = {"agreement": "", "designation": "", "level": "", "held_by": "", "countries": []}
    items = [
        ({"kind": "agreement", "agreement": "cloud-reseller-agreement"}, {"signed_on": "2020-01-01", "ends_on": "2021-06-30"}),
        ({"kind": "agreement", "agreement": "other-agreement"}, {"signed_on": None, "ends_on": None}),
        (
            {"kind": "designation", "designation": "modern-work", "level": "expert", "held_by": "location"},
            {"awarded_on": None, "expires_on": None},
        ),
        (
            {"kind": "designation", "designation": "data", "level": "expert", "held_by": "any_location"},
            {"awarded_on": "2024-01-01", "expires_on": "2025-01-01"},
        ),
        ({"kind": "country", "countries": ["DE", "NO"]}, {"country": "SE"}),
        ({"kind": "membership_migrated"}, {"migrated_on": None}),
    ]
    found = [{"item": blank | item, "met": False, "observed": observed} for item, observed in items]
    group = {"title_en": "Requirement", "title_sv": "Krav", "met": False, "items": found}
    row.program.decisions.update(receipt={"eligible": False, "groups": [group]})
    html = as_(ulf).get(url(row, "eligibility")).content.decode()
    for words in (
        "Cloud reseller agreement in force",
        "last day in force 30 June 2021",
        "Not signed.",
        "Designation Modern work at level Expert, at this location",
        "at any location of your company",
        "Germany, Norway",
        "The location is in Sweden.",
        "Not completed.",
    ):
        assert words in html


@pytest.mark.rule("STA-1")
def test_every_link_of_actions_required_leads_to_a_page_that_mends_it(as_: As, ines: User, rita: User, location: Location) -> None:
    stages.invited(location, make.ProgramFactory.create(open=True))
    stages.unmet(location)
    stages.accepted(location, ines, make.ProgramFactory.create(currencies=["SEK"]))
    stages.decided(stages.submitted(location, ines), rita, rejected=True)
    client = as_(ines)
    rows = client.get("/incentives/").content.decode().split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    links = {
        link
        for row in rows
        for link in re.findall(r'href="([^"]*)"', re.sub(r'<(th|td data-label="Program res).*?</(th|td)>', "", row))
    }
    assert len(links) == len(rows) == 4
    for link in links:
        page, _, part = link.partition("#")
        response = client.get(page)
        assert response.status_code == 200
        assert not part or f'id="{part}"' in response.content.decode()
