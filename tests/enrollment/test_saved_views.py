"""Saved views of the overview: kept, shared within the partner, what the overview begins with."""

import threading
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.errors import RefusedError
from enrollment.models import SavedView
from enrollment.services import saved_views as services
from tests import factories as make
from tests.enrollment import stages
from tests.side_by_side import at_once

As = Callable[[User], Client]
VIEWS = "/incentives/views/"
OVERVIEW = "/incentives/"


def save(client: Client, name: str, query: str = "status=invited", **more: str) -> str:
    return client.post(VIEWS, {"name": name, "query": query} | more, follow=True).content.decode()


def test_a_view_is_kept_and_found_on_the_overview(as_: As, ulf: User) -> None:
    client = as_(ulf)
    assert "The view Waiting is kept." in save(client, "Waiting", "status=invited&page=3&nonsense=1")
    assert SavedView.objects.get().query == "status=invited"
    html = client.get(OVERVIEW, {"status": "invited"}).content.decode()
    assert '<a class="chip" href="?status=invited" aria-current="true">Waiting</a>' in html
    assert "The view Waiting was there already: this one replaces it." in save(client, "Waiting", "status=enrolled")
    assert SavedView.objects.get().query == "status=enrolled"


def test_the_overview_begins_with_the_chosen_one(as_: As, ulf: User, location: Location) -> None:
    client = as_(ulf)
    stages.invited(location)
    save(client, "Done", "status=enrolled", default="1")
    response = client.get(OVERVIEW)
    assert response.status_code == 302 and response["Location"] == "/incentives/?status=enrolled"
    assert client.get("/incentives/?view=").status_code == 200  # everything, said
    save(client, "Everything", "", default="1")
    assert list(SavedView.objects.filter(is_default=True).values_list("name", flat=True)) == ["Everything"]
    client.post(reverse("saved_view", args=[SavedView.objects.get(name="Everything").pk]), {"do": "everything"})
    assert client.get(OVERVIEW).status_code == 200


@pytest.mark.rule("ACC-8")
def test_shared_within_the_partner_and_changed_by_its_owner_alone(as_: As, ulf: User, gunnar: User, otto: User) -> None:
    save(as_(ulf), "Ours", shared="1", default="1")
    save(as_(ulf), "Mine")
    view = SavedView.objects.get(name="Ours")
    theirs = as_(gunnar).get("/incentives/?view=").content.decode()
    assert ">Ours</a>" in theirs and ">Mine</a>" not in theirs
    assert as_(gunnar).get(OVERVIEW).status_code == 200  # somebody else's beginning is not mine
    assert "Ulf Berg" in as_(gunnar).get(VIEWS).content.decode()
    assert ">Ours</a>" not in as_(otto).get("/incentives/?view=").content.decode()
    for user in (gunnar, otto):
        for act in ("remove", "unshare", "begin"):
            assert as_(user).post(reverse("saved_view", args=[view.pk]), {"do": act}).status_code == 404
    client = as_(ulf)
    client.post(reverse("saved_view", args=[view.pk]), {"do": "unshare"})
    assert ">Ours</a>" not in as_(gunnar).get("/incentives/?view=").content.decode()
    client.post(reverse("saved_view", args=[view.pk]), {"do": "remove"})
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Mine"]


def test_the_operators_people_keep_theirs_to_themselves(as_: As, rita: User, petra: User, ulf: User) -> None:
    save(as_(rita), "Mine", shared="1")
    view = SavedView.objects.get()
    assert view.partner is None and not view.is_shared
    for user in (petra, ulf):
        assert ">Mine</a>" not in as_(user).get("/incentives/?view=").content.decode()
    as_(rita).post(reverse("saved_view", args=[view.pk]), {"do": "share"})
    assert not SavedView.objects.get().is_shared


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [("", "", "Give the view a name"), ("x" * 61, "", "Give the view a name"), ("Long", "q=" + "å" * 100, "too long")],
)
def test_what_cannot_be_kept_is_refused_in_words(as_: As, ulf: User, name: str, query: str, says: str) -> None:
    assert says in save(as_(ulf), name, query)
    assert not SavedView.objects.exists()


def test_a_name_is_only_text(as_: As, ulf: User) -> None:
    assert "<script>" not in save(as_(ulf), "<script>alert(1)</script>")


def test_who_belongs_to_two_partners_keeps_views_for_each(as_: As, ulf: User, other_location: Location) -> None:
    make.give_role(ulf, other_location.partner, make.INCENTIVES_USER)
    client = as_(ulf)
    save(client, "Mine")
    client.post("/partner/", {"partner": str(other_location.partner_id)})
    first = SavedView.objects.get().partner
    if client.get(OVERVIEW).context["actor"].partner == first:
        client.post("/partner/", {"partner": str(ulf.memberships.exclude(partner=first).get().partner_id)})
    assert ">Mine</a>" not in client.get("/incentives/?view=").content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_to_be_begun_with_at_once_one_is_refused_in_words(ulf: User) -> None:
    """The other one waits until the first is kept, and finds only then that there is one."""
    partner = ulf.memberships.get().partner
    chosen = {"partner": partner, "query": "", "is_shared": False, "is_default": True, "by": ulf}
    first_is_made, other_waits = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            services.save(name="First", **chosen)
            first_is_made.set()
            other_waits.wait(2)

    def second() -> None:
        assert first_is_made.wait(60)
        with pytest.raises(RefusedError):
            services.save(name="Second", **chosen)

    at_once(first, second)
    assert SavedView.objects.get().name == "First"
