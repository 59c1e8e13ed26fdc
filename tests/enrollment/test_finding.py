"""A location is found from anywhere by its Partner ID; another partner's is not."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]
FIND = "/incentives/find/"


@pytest.mark.parametrize("spaced", [False, True])
def test_a_partner_id_leads_right_to_the_location(as_: As, ines: User, location: Location, spaced: bool) -> None:
    row = stages.invited(location, make.ProgramFactory.create(name_en="Cloud Reselling"))
    text = f" {location.mpn_id[:3]} {location.mpn_id[3:]} " if spaced else location.mpn_id
    response = as_(ines).get(FIND, {"q": text}, follow=True)
    assert response.redirect_chain == [(reverse("location", args=[location.pk]), 302)]
    html = response.content.decode()
    assert location.name in html and "Cloud Reselling" in html and reverse("enrollment", args=[row.pk]) in html


def test_every_page_has_the_search(as_: As, ines: User, rita: User) -> None:
    for user in (ines, rita):
        assert f'action="{FIND}"' in as_(user).get("/notices/").content.decode()


def test_words_find_names_and_places(as_: As, gunnar: User, location: Location, second_location: Location) -> None:
    html = as_(gunnar).get(FIND, {"q": "norrsken umeå"}).content.decode()
    assert second_location.mpn_id in html and location.mpn_id not in html
    assert "No location fits" in as_(gunnar).get(FIND, {"q": "nowhere"}).content.decode()
    assert as_(gunnar).get(FIND).status_code == 200


@pytest.mark.rule("ACC-8")
@pytest.mark.rule("ACC-1")
def test_what_one_does_not_see_is_not_found(
    as_: As, ines: User, location: Location, second_location: Location, other_location: Location
) -> None:
    stages.invited(other_location)
    client = as_(ines)
    for place in (second_location, other_location):
        html = client.get(FIND, {"q": place.mpn_id}).content.decode()
        assert "No location fits" in html and place.name not in html
        assert client.get(reverse("location", args=[place.pk])).status_code == 404


@pytest.mark.rule("ACC-8")
def test_a_limited_role_reads_only_its_programs_there(as_: As, gunnar: User, location: Location) -> None:
    for code in ("ONE", "TWO"):
        stages.invited(location, make.ProgramFactory.create(name_en=f"Program {code}", code=code))
    lena = make.UserFactory.create(name="Lena Li")
    make.give_role(lena, location.partner, make.INCENTIVES_USER, location, program_codes=["ONE"])
    html = as_(lena).get(reverse("location", args=[location.pk])).content.decode()
    assert "Program ONE" in html and "Program TWO" not in html


@pytest.mark.parametrize("text", ["\x00", "%", "'; --", "a" * 5_000, "٣٤"])
def test_odd_input_finds_nothing(as_: As, ines: User, text: str) -> None:
    assert as_(ines).get(FIND, {"q": text}).status_code in {200, 400}
