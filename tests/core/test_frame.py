"""What stands around a page is the same whichever engine prints the page, and each reader's own."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from incentives_portal.core.frame import DIFFERS_BY
from tests import factories as make

As = Callable[[User], Client]
# Where the two pages differ: their names, the way back to them, and what keeps a form from being posted twice.
OWN = re.compile(r' aria-current="\w+"|value="/[^"]*"|<title>.*?</title>|(?<=csrfmiddlewaretoken" value=")[^"]*')


def around(html: str) -> list[str]:
    """The page's tags and texts but for its content."""
    before, main, rest = html.partition('<main id="main"')
    return re.findall(r"<[^>]+>|[^<>\s]+", OWN.sub("", before + main + ">" + rest[rest.index("</main>") :]))


def of(client: Client, name: str, language: str) -> str:
    client.post(reverse("set_language"), {"language": language})
    response = client.get(reverse(name))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_frame_of_a_page_of_the_second_engine_is_that_of_all_others(
    as_: As, language: str, ines: User, gunnar: User, petra: User, location: Location
) -> None:
    menus = set()
    for user in (ines, gunnar, petra):
        client = as_(user)
        ours, theirs = (of(client, name, language) for name in ("overview", "matrix"))
        assert around(ours) == around(theirs)
        assert "</title>" in ours and user.email in ours
        menus.add(" ".join(around(ours)).partition('id="index"')[2].partition("</nav>")[0])
    assert len(menus) == 3, "each of them may do something else"


@pytest.mark.rule("ACC-7")
@pytest.mark.parametrize("cast", ["gunnar", "astrid", "ines", "ulf", "otto", "rita", "petra", "root", "nora"])
def test_the_menu_offers_nobody_what_is_closed_to_them(
    as_: As, cast: str, partner: Partner, location: Location, other_location: Location, request: pytest.FixtureRequest
) -> None:
    outside = {
        "root": lambda: User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root"),
        "nora": lambda: make.UserFactory.create(name="Nora", email="nora@nowhere.example"),
    }
    client = as_(outside[cast]() if cast in outside else request.getfixturevalue(cast))
    menu = client.get("/").content.decode().partition('<nav class="index"')[2].partition("</nav>")[0]
    entries = re.findall(r'<a href="([^"]+)"', menu)
    assert entries[0] == "/" and len(entries) >= 3
    for address in entries:
        assert client.get(address).status_code == 200, address


def test_what_waits_to_be_said_stands_on_the_page(as_: As, ines: User, location: Location) -> None:
    client = as_(ines)
    client.post(reverse("saved_views"), {"name": "Mine", "query": "view=location"})
    assert 'role="status"' in client.get(reverse("overview")).content.decode()
    assert 'role="status"' not in client.get(reverse("overview")).content.decode()


def test_a_part_that_is_kept_says_nothing_of_a_person() -> None:
    """Whoever adds a name to this list keeps pages of it: it must not be somebody's."""
    assert {name for names in DIFFERS_BY.values() for name in names} == {
        "demo", "here", "is_signed_in", "is_superuser", "may", "operator_name", "support_email",
    }  # fmt: skip
