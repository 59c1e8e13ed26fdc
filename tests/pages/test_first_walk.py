"""The README's first walk, step by step, as a person does it: in both languages, with and without JavaScript."""

import datetime as dt
import re
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from enrollment.services import rollover
from incentives_portal.core import clock, outbox
from incentives_portal.core.fiscal import FiscalYear
from profiles.services import validations
from tests.factories import PASSWORD
from tests.pages.conftest import Visit
from tests.pages.visiting import LOCALES
from tests.pages.walk_world import World, build
from tests.pages.words import LANGUAGES, Say, words
from tests.services import Mailbox
from tests.signing_in import app_of, code_now

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "The account holder isn't the company. Use an account in the company's legal name, or correct the holder's name."


def status(page: Page) -> str:
    """The status under the title of an enrollment's page."""
    return page.locator("#standing .status").first.inner_text().strip()


def sign_in_with_password(page: Page, world: World, say: Say) -> None:
    app = app_of(world.ines)
    page.goto("/")
    page.get_by_label(say("E-mail address")).fill(world.ines.email)
    page.get_by_label(say("Password")).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name=say("Sign in"), exact=True).click()
    page.get_by_label(say("Code")).fill(code_now(app))
    page.get_by_role("main").get_by_role("button", name=say("Sign in"), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ines Duarte")


def open_the_notice(page: Page, world: World) -> None:
    notice = page.get_by_role("row").filter(has_text=world.program).filter(has_text=world.first.name)
    notice.get_by_role("button").click()


def enroll_by_the_default(page: Page, say: Say) -> None:
    page.get_by_role("button", name=say("Enroll"), exact=True).click()
    preselected = page.get_by_role("radio", name=re.compile(f"^Main account.*{say('Default bank profile')}", re.DOTALL))
    expect(preselected).to_be_checked()
    page.get_by_role("button", name=say("Submit"), exact=True).click()


def is_waiting(page: Page, say: Say) -> None:
    """Validating enrollment, with the time that is left."""
    assert status(page) == say("Validating enrollment")
    assert re.search(r"4[78] (hours|timmar)", page.get_by_role("main").inner_text())


def becomes_enrolled(page: Page, say: Say, *, javascript: bool) -> None:
    """The automatic checks run; with JavaScript the page follows by itself."""
    validations.check_due()
    if not javascript:
        page.get_by_role("link", name=say("Look again")).click()
    expect(page.locator("#standing .status").first).to_have_text(say("Enrolled"), timeout=15_000)


def reject(page: Page, say: Say) -> None:
    page.goto("/")
    page.get_by_role("link", name=say("Reviews"), exact=True).locator("visible=true").click()
    page.get_by_role("link", name="Collection account").click()
    page.get_by_role("combobox", name=say("Account holder")).select_option(label=say(REASON))
    page.get_by_role("button", name=say("Reject"), exact=True).click()


def follow_the_mail(page: Page, world: World, smtp: Mailbox, say: Say) -> None:
    """The mail, sent once the reviewer can no longer take the decision back, holds the reason; its link leads to the field."""
    clock.move(by=dt.timedelta(seconds=61))
    outbox.send_due()
    mail = next(one for one in smtp.mails(to=world.ines.email) if "Collection account" in str(one["Subject"]))
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert say(REASON) in re.sub(r"\s+", " ", text)
    link = re.search(r"https?://\S+", text)
    assert link
    address = urlsplit(link[0])
    assert address.fragment == "field-account_holder"
    page.goto(f"{address.path}#{address.fragment}")


def mend(page: Page, world: World, say: Say) -> None:
    page.get_by_label(say("Account holder")).fill(world.partner.legal_name)
    page.get_by_role("main").get_by_role("button", name=say("Save"), exact=True).click()


@pytest.mark.rule("INV-5")
@pytest.mark.rule("ENR-1")
@pytest.mark.rule("VAL-3")
@pytest.mark.rule("FIS-2")
@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_invitation_to_the_next_fiscal_year(visit: Visit, smtp: Mailbox, language: str, javascript: bool) -> None:
    world, say = build(language), words(language)
    page = visit(javascript=javascript, locale=LOCALES[language])
    own_page = reverse("enrollment", args=[world.invitation.pk])

    sign_in_with_password(page, world, say)
    assert page.locator("html").get_attribute("lang") == language
    open_the_notice(page, world)
    assert urlsplit(page.url).path == own_page
    assert status(page) == say("Invited")
    enroll_by_the_default(page, say)
    is_waiting(page, say)
    becomes_enrolled(page, say, javascript=javascript)

    reviewer = visit(world.rita, javascript=javascript)
    reject(reviewer, say)

    page.goto(reverse("enrollment", args=[world.doubtful.pk]))
    assert status(page) == say("Action required")
    expect(page.get_by_text(say(REASON))).to_be_visible()
    expect(page.get_by_role("link", name=say("Account holder"))).to_have_attribute("href", re.compile("#field-account_holder$"))
    follow_the_mail(page, world, smtp, say)
    mend(page, world, say)
    page.goto(reverse("enrollment", args=[world.doubtful.pk]))
    is_waiting(page, say)
    becomes_enrolled(page, say, javascript=javascript)

    year = FiscalYear.of(clock.today())
    clock.move_to(clock.start_of(year.next.first_day) + dt.timedelta(hours=8))
    rollover.continue_ended_years(automatic=True)
    page.goto(reverse("overview"))
    continued = page.get_by_role("row").filter(has_text=world.first.name).filter(has_text=str(year.next))
    expect(continued).to_contain_text(say("Enrolled"))
    continued.get_by_role("link", name=world.program).click()
    expect(page.get_by_text(say("The enrollment was continued from the fiscal year before"))).to_be_visible()
    assert page.watch.errors == page.watch.foreign == []  # type: ignore[attr-defined]
