"""A program manager's way: change a requirement, try it, publish it, send a wave, and a mail arrives; with and without JavaScript."""

import re
import uuid
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Location
from enrollment.models import Enrollment, Program
from enrollment.services import evaluation, waves
from incentives_portal.core import outbox
from tests import factories as make
from tests.enrollment import journeys
from tests.pages.conftest import Visit
from tests.services import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def change_the_requirements(page: Page) -> None:
    """The only requirement becomes: in the Nordic countries."""
    page.locator("#requirements").get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Remove Active membership").click()
    page.get_by_label("Title in English").fill("Nordic")
    page.get_by_label("Title in Swedish").fill("Nordisk")
    page.get_by_label("Another item").select_option("country")
    page.get_by_role("button", name="Add an item").click()
    page.get_by_label("Countries, by name").fill("Sverige, Norway, Atlantis")


def leave_and_come_back(page: Page) -> None:
    """What was typed and saved is there again."""
    page.get_by_role("button", name="Save the draft").locator("visible=true").last.click()
    page.goto(reverse("home"))
    page.get_by_role("link", name="All programs").locator("visible=true").click()
    page.get_by_role("link", name="Draft of requirements").click()
    expect(page.get_by_label("Countries, by name")).to_have_value("Sverige, Norway, Atlantis")


def try_until_it_is_right(page: Page) -> None:
    page.get_by_role("button", name="Try it on all locations").click()
    expect(page.get_by_role("main")).to_contain_text("No country is called Atlantis.")
    page.get_by_label("Countries, by name").fill("Sverige, Norway")
    page.get_by_role("button", name="Try it on all locations").click()
    trial = page.locator("#trial")
    expect(trial).to_contain_text("Would make 1 location eligible; 1 loses it")
    expect(trial).to_contain_text("The location is in Germany.")


def send_a_wave(page: Page) -> None:
    page.locator("#waves").get_by_role("link", name="Plan a wave").click()
    page.get_by_label("Name").fill("Autumn")
    expect(page.get_by_label("Cloud Reselling")).to_be_checked()
    page.get_by_label("Countries").fill("SE")
    page.get_by_role("button", name="See whom it would invite").click()
    expect(page.get_by_role("main")).to_contain_text("1 location is due, 1 mail to incentives admins.")
    page.get_by_role("button", name="Invite 1 location").click()
    expect(page.locator("#wave")).to_contain_text("Running")


def a_program_that_waits(here: Location, there: Location) -> Program:
    """Offered, invited in waves, and asking for a membership that the Swedish location lacks."""
    program = make.ProgramFactory.create(code="CSR", name_en="Cloud Reselling", inviting="waves")
    Location.objects.filter(pk=here.pk).update(membership_active=False)
    for place in (here, there):
        journeys.opened(program, place)
    return program


@pytest.mark.rule("PRG-1")
@pytest.mark.rule("ELI-1")
@pytest.mark.rule("INV-1")
@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_from_a_requirement_to_a_mail(visit: Visit, smtp: Mailbox, javascript: bool) -> None:
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    here = make.LocationFactory.create(partner=partner, name="Norrsken Göteborg")
    there = make.LocationFactory.create(name="Brandt Köln", country="DE")
    ines = make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN, here)
    ines.email = f"ines.{uuid.uuid4().hex[:10]}@norrsken.example"
    ines.save()
    program, petra = a_program_that_waits(here, there), make.operator("Petra Wall", "program_manager")
    page = visit(petra, javascript=javascript)

    page.goto(reverse("program", args=[program.code]))
    change_the_requirements(page)
    leave_and_come_back(page)
    try_until_it_is_right(page)
    page.get_by_role("button", name="Publish as version 2").click()
    expect(page.get_by_role("main")).to_contain_text("published as version 2")
    assert evaluation.evaluate_published() == 1
    send_a_wave(page)
    assert waves.send() == 1
    outbox.send_due()
    if not javascript:
        page.get_by_role("link", name="Look again").click()
    expect(page.locator("#wave")).to_contain_text("What became of it", timeout=15_000)
    expect(page.locator("#wave")).to_contain_text("Done", timeout=15_000)

    (mail,) = smtp.mails(to=ines.email)
    assert str(mail["Subject"]) == "Partner Incentive Enrollment Invitation"
    link = re.search(r"https?://\S+", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link and urlsplit(link[0]).path == reverse("enrollment", args=[Enrollment.objects.get(status="invited").pk])
