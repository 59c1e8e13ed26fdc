"""What a mail links to may be of another partner than the one that its reader speaks for."""

import uuid
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment
from tests import factories as make

from . import stages

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-6"), pytest.mark.rule("ACC-8")]
As = Callable[[User], Client]


@pytest.fixture
def theirs(location: Location) -> Enrollment:
    return stages.invited(location)


def page_of(enrollment: Enrollment) -> str:
    return reverse("enrollment", args=[enrollment.pk])


def reading(client: Client, partner: Partner) -> Client:
    client.post(reverse("switch_partner"), {"partner": partner.pk})
    return client


@pytest.mark.parametrize("role", [make.INCENTIVES_ADMIN, make.ACCOUNT_ADMIN])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_says_whose_it_is_and_leads_there(
    as_: As, ines: User, partner: Partner, other_partner: Partner, theirs: Enrollment, role: str, language: str
) -> None:
    make.give_role(ines, other_partner, role)
    client = reading(as_(ines), other_partner)
    client.post(reverse("set_language"), {"language": language})
    response = client.get(page_of(theirs))
    html = unescape(response.content.decode())
    assert response.status_code == 409
    assert f'<html lang="{language}">' in html
    assert partner.legal_name in html.partition("<h1>")[2].partition("</h1>")[0]
    assert f'name="next" value="{page_of(theirs)}"' in html and f'name="partner" value="{partner.pk}"' in html
    assert client.get(page_of(theirs)).status_code == 409, "reading switches nothing"
    there = client.post(reverse("switch_partner"), {"partner": partner.pk, "next": page_of(theirs)})
    assert there.url == page_of(theirs)
    assert client.get(there.url).status_code == 200


def test_switching_leads_to_no_other_site(as_: As, ines: User, partner: Partner) -> None:
    for address in ("https://evil.example/", "//evil.example/"):
        assert as_(ines).post(reverse("switch_partner"), {"partner": partner.pk, "next": address}).url == "/"


def test_somebody_elses_stays_unknown(
    as_: As, otto: User, ines: User, other_partner: Partner, second_location: Location, theirs: Enrollment
) -> None:
    third = make.PartnerFactory.create()
    make.give_role(otto, third, make.GLOBAL_ADMIN)
    client = reading(as_(otto), other_partner)
    nothing, foreign = (client.get(reverse("enrollment", args=[pk])) for pk in (uuid.uuid4(), theirs.pk))
    assert nothing.status_code == foreign.status_code == 404
    # Of her own other partner, but at a location that she doesn't see there.
    make.give_role(ines, other_partner, make.GLOBAL_ADMIN)
    elsewhere = stages.invited(second_location)
    assert reading(as_(ines), other_partner).get(page_of(elsewhere)).status_code == 404


def test_a_session_of_one_partners_directory_hears_of_no_other(
    as_: As, ines: User, other_partner: Partner, theirs: Enrollment
) -> None:
    make.give_role(ines, other_partner, make.INCENTIVES_ADMIN)
    client = as_(ines)
    session = client.session
    session["through_directory_of"] = str(other_partner.pk)
    session.save()
    assert client.get(page_of(theirs)).status_code == 404
