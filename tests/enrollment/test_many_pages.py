"""The pages of many at once (rule ENR-5): ticked or filtered, checked, started once, followed, tried again."""

import re
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Partner, User
from enrollment.models import BulkEnrollment, Enrollment
from enrollment.services import bulk, enrolling
from profiles.services import defaults
from tests import factories as make
from tests.enrollment import stages
from tests.enrollment.many import Network, network, started

pytestmark = pytest.mark.rule("ENR-5")
As = Callable[[User], Client]
MANY = "/incentives/many/"


@pytest.fixture
def ida(partner: Partner) -> User:
    """Incentives admin of the entire organization."""
    return make.person("Ida Norén", partner, make.INCENTIVES_ADMIN)


@pytest.fixture
def many(partner: Partner, ida: User) -> Network:
    return network(partner, ida, 4)


def fields_of(html: str) -> dict[str, Any]:
    """What the form of the page would send, its buttons left out."""
    form = html[html.index('action="/incentives/many/"') :]
    hidden: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        hidden.setdefault(name, []).append(unescape(value))
    return hidden


def start(client: Client, selection: dict[str, Any], **given: Any) -> Any:
    html = client.get(MANY, selection).content.decode()
    return client.post(MANY, fields_of(html) | given | {"do": "start"})


def test_the_overview_offers_ticks_to_who_may_enroll(as_: As, ida: User, ulf: User, many: Network) -> None:
    assert as_(ida).get("/incentives/").content.decode().count('name="row"') == 4
    assert 'name="row"' not in as_(ulf).get("/incentives/").content.decode()


def test_ticked_rows_are_started_and_followed_to_the_end(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    response = start(client, {"row": [str(row.pk) for row in many.rows[:3]], "act": "enroll"})
    job = BulkEnrollment.objects.get()
    assert response.status_code == 302 and response["Location"] == reverse("many_job", args=[job.pk])
    html = client.get(response["Location"]).content.decode()
    assert "0 of 3 done" in html and 'hx-trigger="every 2s"' in html
    assert client.get(f"{response['Location']}?seen=0", headers={"HX-Request": "true"}).status_code == 204
    bulk.run_due()
    news = client.get(f"{response['Location']}?seen=0", headers={"HX-Request": "true"})
    assert news.status_code == 204 and news["HX-Refresh"] == "true"
    html = client.get(response["Location"]).content.decode()
    assert "3 of 3 done" in html and "hx-trigger" not in html and html.count("Submitted</span>") == 3
    assert reverse("many_job", args=[job.pk]) in client.get(reverse("many_jobs")).content.decode()


def test_a_filter_is_posted_and_not_its_rows(as_: As, ida: User, many: Network) -> None:
    stages.invited(many.places[0], make.ProgramFactory.create(open=True, code="OTHER"))
    client = as_(ida)
    html = client.get(MANY, {"all": "1", "program": many.program.code, "status": "invited"}).content.decode()
    sent = fields_of(html)
    assert sent["all"] == ["1"] and sent["program"] == [many.program.code] and sent["status"] == ["invited"] and "row" not in sent
    client.post(MANY, sent | {"do": "start"})
    assert BulkEnrollment.objects.get().rows.count() == 4


def test_a_second_click_starts_nothing(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    sent = fields_of(client.get(MANY, {"row": str(many.rows[0].pk)}).content.decode()) | {"do": "start"}
    first, second = client.post(MANY, sent), client.post(MANY, sent)
    assert first["Location"] == second["Location"] and BulkEnrollment.objects.count() == 1


def test_what_has_changed_since_it_was_shown_is_shown_anew(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    sent = fields_of(client.get(MANY, {"all": "1"}).content.decode())
    enrolling.decline(enrollment_id=many.rows[0].pk, by=ida)
    response = client.post(MANY, sent | {"do": "start"})
    assert response.status_code == 409 and "Something has changed" in response.content.decode()
    assert not BulkEnrollment.objects.exists()
    response = client.post(MANY, fields_of(response.content.decode()) | {"do": "start"})
    assert response.status_code == 302 and BulkEnrollment.objects.get().rows.count() == 3


def test_a_choice_that_was_not_checked_is_shown_before_it_starts(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    other = stages.payout(many.places[0], ida, "Other")
    sent = fields_of(client.get(MANY, {"all": "1"}).content.decode()) | {"how": str(other.pk), "currency": "EUR"}
    response = client.post(MANY, sent | {"do": "start"})
    assert response.status_code == 409
    sent |= fields_of(response.content.decode())
    assert client.post(MANY, sent | {"do": "start"}).status_code == 302
    assert BulkEnrollment.objects.get().payout_profile == other


def test_who_goes_back_and_chooses_otherwise_starts_something_else(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    other = stages.payout(many.places[0], ida, "Other")
    sent = fields_of(client.get(MANY, {"all": "1"}).content.decode())
    first = client.post(MANY, sent | {"do": "start"})
    sent |= {"how": str(other.pk), "currency": "EUR"}
    sent |= fields_of(client.post(MANY, sent).content.decode())
    second = client.post(MANY, sent | {"do": "start"})
    assert second.status_code == 302 and second["Location"] != first["Location"]
    assert BulkEnrollment.objects.get(payout_profile=other).rows.count() == 4


def test_declines_and_only_accepts(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    html = client.get(MANY, {"row": str(many.rows[0].pk), "act": "decline"}).content.decode()
    assert "Decline 1 invitation" in html
    client.post(MANY, fields_of(html) | {"do": "start"})
    sent = fields_of(client.get(MANY, {"row": str(many.rows[1].pk)}).content.decode()) | {"how": "later"}
    sent |= fields_of(client.post(MANY, sent).content.decode())
    client.post(MANY, sent | {"do": "start"})
    bulk.run_due()
    assert [Enrollment.objects.get(pk=row.pk).reason for row in many.rows[:1]] == ["declined"]
    assert Enrollment.objects.get(pk=many.rows[1].pk).status == "action_required"


def test_what_failed_is_tried_again_alone(as_: As, ida: User, partner: Partner, many: Network) -> None:
    job = started(ida, partner, many.rows)
    defaults.clear(locations=many.places[:1], by=ida)
    bulk.run_due()
    client = as_(ida)
    url = reverse("many_job", args=[job.pk])
    html = client.get(url).content.decode()
    assert "Try 1 again" in html and "No default bank profile" in html
    assert (
        client.get(url, {"outcome": "payout_missing"}).content.decode().count("<tr>")
        == client.get(url).content.decode().count("<tr>") - 3
    )
    defaults.set_default(locations=many.places[:1], payout_profile=many.payout, currency="SEK", by=ida)
    start(client, {"again": str(job.pk)})
    bulk.run_due()
    again = BulkEnrollment.objects.get(again_of=job)
    assert list(again.rows.values_list("outcome", flat=True)) == ["validating"]


def test_results_read_in_the_readers_language(as_: As, ida: User, partner: Partner, many: Network) -> None:
    job = started(ida, partner, many.rows)
    bulk.run_due()
    ida.language = "sv"
    ida.save()
    html = as_(ida).get(reverse("many_job", args=[job.pk])).content.decode()
    assert "Inskickad" in html and "Submitted" not in html


@pytest.mark.rule("ACC-8")
def test_another_partners_rows_and_jobs_do_not_exist(as_: As, otto: User, ida: User, partner: Partner, many: Network) -> None:
    client = as_(otto)
    job = started(ida, partner, many.rows)
    assert client.get(MANY, {"row": str(many.rows[0].pk)}).status_code == 404
    assert client.post(MANY, {"row": str(many.rows[0].pk), "do": "start"}).status_code == 404
    assert client.get(MANY, {"again": str(job.pk)}).status_code == 404
    assert client.get(reverse("many_job", args=[job.pk])).status_code == 404
    html = client.get(MANY, {"all": "1", "program": many.program.code, "q": "Norrsken"}).content.decode()
    assert "0 of 0 can be done" in html and many.places[0].mpn_id not in html
    assert str(job.pk) not in client.get(reverse("many_jobs")).content.decode()


@pytest.mark.rule("ACC-8")
def test_a_colleagues_job_is_not_mine(as_: As, ines: User, ida: User, partner: Partner, many: Network) -> None:
    job = started(ida, partner, many.rows)
    assert as_(ines).get(reverse("many_job", args=[job.pk])).status_code == 404


@pytest.mark.rule("ACC-1")
def test_rows_out_of_scope_are_told_and_left_out(as_: As, ines: User, many: Network, location: Any, ida: User) -> None:
    own = stages.invited(location, make.ProgramFactory.create(open=True))
    html = as_(ines).get(MANY, {"row": str(own.pk)}).content.decode()
    assert "No default bank profile (1)" in html
    assert as_(ines).get(MANY, {"row": str(many.rows[0].pk)}).status_code == 404


@pytest.mark.parametrize(
    "given", [{"row": "x"}, {"again": "x"}, {"row": str(uuid.UUID(int=7))}, {"row": "\x00"}, {"again": "'; --"}]
)
def test_what_is_no_selection_does_not_exist(as_: As, ida: User, given: dict[str, str]) -> None:
    assert as_(ida).get(MANY, given).status_code in {400, 404}


def test_nothing_ticked_leads_back_with_a_word(as_: As, ida: User) -> None:
    response = as_(ida).get(MANY, {"act": "enroll"}, follow=True)
    assert "Tick what you want to enroll" in response.content.decode()


def test_nothing_ticked_leads_back_to_the_same_look_at_the_overview(as_: As, ida: User, many: Network) -> None:
    client, query = as_(ida), "view=location&q=a&program=" + many.program.code + "&rows=500&page=2"
    sent = fields_of(client.get(f"/incentives/?{query}").content.decode())
    response = client.post(MANY, sent | {"act": "decline"})
    assert set(response["Location"].removeprefix("/incentives/?").split("&")) == set(query.split("&"))
    assert client.post(MANY, {"act": "enroll", "back": ""})["Location"] == "/incentives/?view="
    assert client.post(MANY, {"act": "enroll", "back": "//evil.example/"})["Location"] == "/incentives/?view="


def test_the_way_back_is_kept_through_the_preview(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    html = client.get(MANY, {"row": str(many.rows[0].pk), "back": "status=invited"}).content.decode()
    again = client.post(MANY, fields_of(html)).content.decode()
    for page in (html, again):
        assert page.count('href="/incentives/?status=invited"') == 2


def test_500_ticked_rows_are_shown_and_started(as_: As, ida: User, partner: Partner) -> None:
    """No address holds so many; a server refuses a longer one before the portal is asked."""
    client, rows = as_(ida), [str(row.pk) for row in network(partner, ida, 500).rows]
    html = client.get("/incentives/?rows=500").content.decode()
    assert f'<form class="stack" method="post" action="{MANY}"' in html and html.count('name="row"') == 500
    response = client.post(MANY, fields_of(html) | {"row": rows, "act": "enroll"})
    assert response.status_code == 200 and not BulkEnrollment.objects.exists()
    sent = fields_of(response.content.decode())
    assert len(sent["row"]) == 500 and "Submit 500 enrollments" in response.content.decode()
    later = client.post(MANY, sent | {"how": "later"})
    assert later.status_code == 200 and "Accept 500 invitations" in later.content.decode()
    assert client.post(MANY, sent | {"do": "start"})["Location"] == reverse("many_job", args=[BulkEnrollment.objects.get().pk])
    assert BulkEnrollment.objects.get().rows.count() == 500


def test_a_few_ticked_rows_have_an_address_that_one_can_go_back_to(as_: As, ida: User, many: Network) -> None:
    client = as_(ida)
    response = client.post(MANY, {"row": [str(row.pk) for row in many.rows], "act": "decline", "back": "rows=500"})
    assert response.status_code == 302 and len(response["Location"]) < 4_000
    html = client.get(response["Location"]).content.decode()
    assert "Decline 4 invitations" in html and len(fields_of(html)["row"]) == 4
    everything = client.post(MANY, {"all": "1", "act": "enroll", "q": "ö" * 100, "back": "q=" + "ö" * 100})
    assert len(everything.get("Location", "")) < 4_000


@pytest.mark.parametrize("how", ["x", str(uuid.UUID(int=7))])
def test_a_profile_that_is_not_offered_starts_nothing(as_: As, ida: User, many: Network, how: str) -> None:
    client = as_(ida)
    sent = fields_of(client.get(MANY, {"all": "1"}).content.decode()) | {"how": how, "do": "start"}
    response = client.post(MANY, sent)
    assert response.status_code == 409 and "can no longer be chosen" in response.content.decode()
    assert not BulkEnrollment.objects.exists()
