"""What the roles of a person change in what the person sees."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from tests import factories as make
from tests.enrollment import stages
from tests.pages.conftest import Visit
from tests.pages.words import words

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.rule("ACC-3")
@pytest.mark.rule("ACC-1")
def test_a_global_admin_assigns_one_location_in_django_admin(
    visit: Visit, gunnar: User, otto: User, location: Location, second_location: Location, other_location: Location
) -> None:
    nina = make.UserFactory.create(name="Nina Ny", email="nina@norrsken.example")
    make.MembershipFactory.create(user=nina, partner=location.partner)
    for place in (location, second_location, other_location):
        stages.invited(place)

    page = visit(gunnar)
    page.goto(reverse("home"))
    page.get_by_role("link", name="Django admin").locator("visible=true").click()
    for part in ("user", "location", "roleassignment"):
        page.goto(reverse(f"admin:accounts_{part}_changelist"))
        assert otto.name not in page.content() and other_location.mpn_id not in page.content()
        assert other_location.partner.legal_name not in page.content()
    page.goto(reverse("admin:accounts_roleassignment_add"))
    assert otto.name not in page.content() and other_location.mpn_id not in page.content()
    page.get_by_label("Person").select_option(label=f"Nina Ny ({nina.email})")
    page.locator("#id_role").select_option(label="Incentives admin")
    page.locator("#id_listed_locations_from").select_option(value=str(location.pk))
    page.locator("#id_listed_locations_add, #id_listed_locations_add_link").first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()

    theirs = visit(nina)
    theirs.goto(reverse("overview"))
    main = theirs.get_by_role("main")
    expect(main.get_by_role("row").filter(has_text=location.mpn_id)).to_contain_text("Enroll")
    assert second_location.mpn_id not in main.inner_text() and other_location.mpn_id not in main.inner_text()
    main.get_by_role("row").filter(has_text=location.mpn_id).get_by_role("link").first.click()
    expect(main.get_by_role("button", name="Enroll", exact=True)).to_be_visible()


@pytest.mark.rule("STA-1")
@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize("language", ["en", "sv"])
def test_who_is_no_incentives_admin_reads_enrolling(
    visit: Visit, partner: Partner, location: Location, second_location: Location, ines: User, ulf: User, language: str
) -> None:
    say = words(language)
    make.give_role(ulf, partner, make.ACCOUNT_ADMIN)
    rows: dict[str, Enrollment] = {
        "Action required": stages.accepted(location, ines),
        "Validating enrollment": stages.submitted(location, ines),
    }
    User.objects.update(language=language)
    for person, reads in ((ines, say), (ulf, lambda status: say("Enrolling"))):
        person.refresh_from_db()
        page = visit(person)
        for status, row in rows.items():
            page.goto(reverse("enrollment", args=[row.pk]))
            expect(page.locator("#standing .status").first).to_have_text(reads(status))
            page.goto(reverse("overview"))
            seen = page.get_by_role("row").filter(has_text=row.program.name_sv if language == "sv" else row.program.name_en)
            expect(seen.locator(".status")).to_have_text(reads(status))
        if person is ulf:
            expect(page.get_by_role("main")).to_contain_text(ines.name)
