"""Ida enrolls many locations at once and finds one of them again, with and without JavaScript, in her language."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Partner
from enrollment.models import BulkEnrollment, Enrollment
from enrollment.services import bulk
from profiles.services import defaults
from tests import factories as make
from tests.enrollment.many import network
from tests.pages.conftest import Visit
from tests.pages.words import words

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.rule("ENR-5")
@pytest.mark.parametrize(("language", "javascript"), [("en", True), ("sv", False)], ids=["js", "no-js"])
def test_from_the_ticks_to_a_result_for_each(visit: Visit, partner: Partner, language: str, javascript: bool) -> None:
    say = words(language)
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN, language=language)
    many = network(partner, ida, 4)
    defaults.clear(locations=many.places[:1], by=ida)
    page = visit(ida, javascript=javascript)

    page.goto(reverse("overview"))
    if javascript:
        page.get_by_label(say("Tick all on this page")).check()
        assert page.locator("input[name=row]:checked").count() == 4
    else:
        for box in page.locator("input[name=row]").all():
            box.check()
    page.get_by_role("button", name=say("Enroll what is ticked")).click()
    expect(page.get_by_role("heading", name=re.compile(r"^3 .* 4 "))).to_be_visible()
    page.get_by_text(f"{say('No default bank profile')} (1)").click()
    expect(page.get_by_role("link", name=many.places[0].name)).to_be_visible()

    page.get_by_role("radio", name=re.compile("^Account of")).check()
    if not javascript:
        page.get_by_role("button", name=say("Check"), exact=True).click()
    expect(page.get_by_text(f"{say('No currency')} (1)")).to_be_visible()
    page.get_by_role("combobox", name=say("Currency")).select_option("SEK")
    if not javascript:
        page.get_by_role("button", name=say("Check"), exact=True).click()
    expect(page.get_by_role("heading", name=re.compile(r"^4 .* 4 "))).to_be_visible()
    page.locator("button[value=start]").click()
    expect(page.locator("#progress progress")).to_be_visible()
    assert BulkEnrollment.objects.get().rows.count() == 4

    bulk.run_due()
    if not javascript:
        page.get_by_role("link", name=say("Look again")).click()
    done = page.locator("#rows .status").filter(has_text=say("Submitted"))
    expect(done).to_have_count(4, timeout=15_000)
    assert Enrollment.objects.filter(status="validating").count() == 4

    page.get_by_label(say("Partner ID"), exact=True).fill(many.places[2].mpn_id)
    page.get_by_role("button", name=say("Find"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(many.places[2].name)
    page.goto(reverse("matrix"))
    expect(page.get_by_role("row").filter(has_text=many.places[2].mpn_id)).to_contain_text(say("Validating enrollment"))
    assert page.watch.errors == page.watch.foreign == []  # type: ignore[attr-defined]


@pytest.mark.rule("ENR-5")
@pytest.mark.parametrize(("count", "javascript"), [(500, True), (120, False)], ids=["js", "no-js"])
def test_more_ticks_than_an_address_holds_come_to_a_preview(visit: Visit, partner: Partner, count: int, javascript: bool) -> None:
    ida = make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)
    network(partner, ida, count)
    page = visit(ida, javascript=javascript)
    page.goto(f"{reverse('overview')}?rows=500")
    if javascript:
        page.get_by_label("Tick all on this page").check()
    else:
        for box in page.locator("input[name=row]").all():
            box.check()
    assert page.locator("input[name=row]:checked").count() == count
    page.get_by_role("button", name="Enroll what is ticked").click()
    expect(page.get_by_role("heading", name=f"{count} of {count} can be done")).to_be_visible()
    assert page.url.endswith(reverse("many"))
    page.get_by_role("radio", name=re.compile("^Nothing yet")).check()
    if not javascript:
        page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("button", name=f"Accept {count} invitations")).to_be_visible()
    page.get_by_role("link", name="Back to the overview").click()
    page.wait_for_url("**/incentives/?rows=500")
    assert not BulkEnrollment.objects.exists()
