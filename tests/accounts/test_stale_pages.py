"""Who belongs to several partners writes nothing into the wrong one from a page that was opened before they switched."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Membership, Partner, User
from incentives_portal.core import clock
from profiles.models import PayoutProfile
from tests import factories as make
from tests.signing_in import grow_old

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-6")]
As = Callable[[User], Client]
IBAN = "SE4550000000058398257466"
TYPED = {"name": "SEB", "payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "Norrsken Data AB", "iban": IBAN}
HTMX = {"HX-Request": "true"}
MARK = re.compile(r'<input type="hidden" name="for_partner" value="([^"]*)">')


@pytest.fixture
def both(ines: User, partner: Partner, other_partner: Partner, location: Location, other_location: Location) -> User:
    """Ines, who is incentives admin of two partners."""
    make.give_role(ines, other_partner, make.INCENTIVES_ADMIN)
    return ines


@pytest.fixture
def browser(as_: As, both: User, partner: Partner) -> Client:
    """Hers, speaking for the first one."""
    return speaking_for(as_(both), partner)


def speaking_for(client: Client, partner: Partner) -> Client:
    assert client.post(reverse("switch_partner"), {"partner": partner.pk}).status_code == 302
    return client


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def fields_of(form: str) -> dict[str, str]:
    """What the first form of the page's content sends, with its first button."""
    form = form.partition("<main")[2].partition("</form>")[0]
    found = re.findall(r'<(?:input type="hidden"|button class="button") name="([^"]*)" value="([^"]*)"', form)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


@pytest.mark.parametrize("name", ["payout_new", "overview", "home", "my_roles"])
def test_every_form_says_for_which_partner_it_is(browser: Client, partner: Partner, other_partner: Partner, name: str) -> None:
    for one in (partner, other_partner):
        html = text_of(speaking_for(browser, one).get(reverse(name)))
        assert set(MARK.findall(html)) == {str(one.pk)}
        assert len(MARK.findall(html)) == html.count('name="csrfmiddlewaretoken"') > 0
        assert f"""<body hx-headers="{{"For-Partner": "{one.pk}"}}">""" in html


@pytest.mark.parametrize("name", ["payout_new", "overview", "home"])
def test_pages_of_who_belongs_to_one_partner_say_nothing(as_: As, ulf: User, gunnar: User, location: Location, name: str) -> None:
    for user in (ulf, gunnar):
        html = text_of(as_(user).get(reverse(name)))
        assert "csrfmiddlewaretoken" in html and "<body>" in html
        assert "for_partner" not in html and "For-Partner" not in html


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_form_opened_for_another_partner_saves_nothing(
    browser: Client, partner: Partner, other_partner: Partner, language: str
) -> None:
    browser.post(reverse("set_language"), {"language": language})
    speaking_for(browser, other_partner)
    response = browser.post(reverse("payout_new"), TYPED | {"for_partner": partner.pk})
    assert response.status_code == 409
    assert not PayoutProfile.objects.exists()
    assert "no-store" in response["Cache-Control"]
    html = text_of(response)
    assert f'<html lang="{language}">' in html
    assert partner.legal_name in html and other_partner.legal_name in html
    if language == "en":
        assert "was for Norrsken Data AB, but you speak for Brandt Systeme GmbH now" in html
        assert "Files can't" not in html


@pytest.mark.rule("ACC-8")
def test_switching_back_sends_the_same_again(browser: Client, partner: Partner, other_partner: Partner) -> None:
    speaking_for(browser, other_partner)
    asked = browser.post(reverse("payout_new"), TYPED | {"for_partner": partner.pk})
    again = fields_of(text_of(asked))
    assert again.pop("for_partner") == str(other_partner.pk)
    assert again == TYPED | {"switch_back_to": str(partner.pk)}
    response = browser.post(reverse("payout_new"), again | {"for_partner": other_partner.pk})
    assert response.status_code == 302
    assert PayoutProfile.objects.get().partner == partner
    assert MARK.findall(text_of(browser.get("/")))[0] == str(partner.pk)


def test_what_fits_is_done(browser: Client, partner: Partner) -> None:
    assert browser.post(reverse("payout_new"), TYPED | {"for_partner": partner.pk}).status_code == 302
    assert PayoutProfile.objects.get().partner == partner


def test_files_are_not_carried(browser: Client, partner: Partner, other_partner: Partner) -> None:
    speaking_for(browser, other_partner)
    sent = TYPED | {"for_partner": partner.pk, "document": SimpleUploadedFile("proof.pdf", b"%PDF-1.7")}
    assert "Files can't be kept" in text_of(browser.post(reverse("payout_new"), sent))


@pytest.mark.rule("ACC-8")
def test_a_partner_that_is_not_theirs_is_not_named(as_: As, ulf: User, browser: Client, partner: Partner, both: User) -> None:
    stranger = make.PartnerFactory.create(legal_name="Fjällglim AB")
    Membership.objects.filter(user=both, partner=partner).update(suspended_at=clock.now())
    for client, meant in ((as_(ulf), stranger), (browser, stranger), (browser, partner), (browser, "nonsense")):
        response = client.post(reverse("payout_new"), TYPED | {"for_partner": getattr(meant, "pk", meant)})
        html = text_of(response)
        assert response.status_code == 409
        assert "Fjällglim" not in html and "switch_back_to" not in html
    assert "Norrsken" not in html, "she has left it"
    switched = browser.post(reverse("payout_new"), TYPED | {"switch_back_to": stranger.pk})
    assert switched.status_code == 409
    assert not PayoutProfile.objects.exists()


def test_what_is_about_the_person_alone_goes_on(browser: Client, partner: Partner, other_partner: Partner) -> None:
    stale = {"for_partner": partner.pk}
    speaking_for(browser, other_partner)
    assert browser.post(reverse("set_language"), {"language": "en"} | stale).status_code == 302
    assert browser.post(reverse("switch_partner"), {"partner": other_partner.pk} | stale).status_code == 302
    assert browser.post(reverse("account_logout"), stale).status_code == 302


def test_a_partial_update_loads_the_whole_page_again(browser: Client, partner: Partner, other_partner: Partner) -> None:
    stale = HTMX | {"For-Partner": str(partner.pk)}
    assert "HX-Refresh" not in browser.get(reverse("overview"), headers=stale)
    speaking_for(browser, other_partner)
    response = browser.get(reverse("overview"), headers=stale)
    assert response["HX-Refresh"] == "true" and not response.content
    redrawn = browser.post(reverse("payout_new"), TYPED | {"show": "1", "for_partner": partner.pk}, headers=stale)
    assert redrawn["HX-Retarget"] == "body" and "Nothing was saved" in text_of(redrawn)


def test_what_is_being_typed_is_remarked_upon_for_its_own_partner_alone(
    browser: Client, partner: Partner, other_partner: Partner
) -> None:
    typed = {"account_holder": partner.legal_name, "for_partner": partner.pk}
    address = reverse("payout_check", args=["account_holder"])
    assert browser.post(address, typed, headers=HTMX).status_code == 200
    speaking_for(browser, other_partner)
    response = browser.post(address, typed, headers=HTMX)
    assert response.status_code == 204 and not response.content


@pytest.mark.rule("ACC-9")
def test_a_second_factor_that_is_asked_in_between_carries_the_form_of_now(browser: Client, partner: Partner) -> None:
    grow_old(browser)
    asked = text_of(browser.post(reverse("payout_new"), TYPED | {"for_partner": partner.pk}))
    form = asked.partition("<main")[2].partition("</form>")[0]
    assert MARK.findall(form) == [str(partner.pk)]
