"""Requirements are built in a form, tried against the real partner base, and published (rules ELI-1, PRG-1)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, User
from enrollment.models import EligibilityDecision, Enrollment, Program, RequirementDraft
from enrollment.requirement_draft import Typed
from enrollment.requirements import groups_of
from enrollment.services import evaluation
from enrollment.services import requirement_drafts as drafts
from enrollment.services.daily import evaluate_and_invite
from enrollment.status import Reason, Status
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ELI-1")]
As = Callable[..., Client]


def typed(*groups: list[dict[str, str]], revision: int = 0, **more: str) -> dict[str, str]:
    """The form with these requirements, each a list of items."""
    form = {"revision": str(revision), "groups": str(len(groups)), **more}
    for g, items in enumerate(groups):
        form |= {f"g{g}-title_en": f"Group {g}", f"g{g}-title_sv": f"Krav {g}", f"g{g}-items": str(len(items))}
        for i, item in enumerate(items):
            form |= {f"g{g}i{i}-{name}": value for name, value in item.items()}
    return form


NORDIC = {"kind": "country", "countries": "Sverige, no, Denmark"}
AGREEMENT = {"kind": "agreement", "agreement": "cloud-reseller-agreement"}


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(code="CSR")


def build(client: Client, program: Program, do: str, **form: Any) -> Any:
    return client.post(reverse("program_requirements", args=[program.code]), {"do": do, **form})


def test_a_draft_grows_button_by_button_and_survives_leaving(as_: As, petra: User, pelle: User, program: Program) -> None:
    client = as_(petra)
    group = [{"kind": "active_membership"}]
    assert build(client, program, "add_item:0", **typed(group), **{"g0-add": "agreement"}).status_code == 302
    draft = RequirementDraft.objects.get()
    assert [item["kind"] for item in draft.groups[0]["items"]] == ["active_membership", "agreement"]
    build(client, program, "add_group", **typed([*group, {"kind": "agreement", "agreement": "half"}], revision=1))
    # Somebody else goes on with it, in another browser.
    page = as_(pelle).get(reverse("program_requirements", args=[program.code])).content.decode()
    assert 'value="half"' in page and 'id="g1"' in page and "Petra Wall" in page
    draft.refresh_from_db()
    assert (draft.revision, len(draft.groups)) == (2, 2)
    build(client, program, "up:1", **typed([*group, {"kind": "agreement", "agreement": "half"}], [], revision=2))
    build(client, program, "remove_group:0", **typed([], group, revision=3))
    build(client, program, "remove_item:0:0", **typed(group, revision=4))
    draft.refresh_from_db()
    assert draft.groups == [{"title_en": "Group 0", "title_sv": "Krav 0", "items": []}]
    # None of it is in force.
    program.refresh_from_db()
    assert program.rule_version == 1 and groups_of(program)[0].any_of[0].kind == "active_membership"


def test_what_is_missing_is_said_and_what_was_typed_is_kept(as_: As, petra: User, program: Program) -> None:
    form = typed([{"kind": "country", "countries": "Sverige, Atlantis"}, {"kind": "agreement", "agreement": ""}], [])
    answer = build(as_(petra), program, "try", **form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "No country is called Atlantis." in page and "This is needed." in page and "Add at least one item" in page
    assert "Sverige, Atlantis</textarea>" in page and RequirementDraft.objects.get().trial is None
    assert build(as_(petra), program, "try", **typed(revision=1)).status_code == 422


def test_a_requirement_without_a_title_is_told_that_alone(as_: As, petra: User, program: Program) -> None:
    form = typed([{"kind": "active_membership"}]) | {"g0-title_en": "", "g0-title_sv": ""}
    page = build(as_(petra), program, "try", **form).content.decode()
    assert page.count('class="field-error"') == page.count("Give the requirement a title.") == 2


@pytest.mark.rule("ELI-2")
def test_a_trial_says_whom_it_concerns_and_why_and_changes_nothing(
    as_: As, petra: User, program: Program, location: Location, other_location: Location, ines: User
) -> None:
    make.AgreementFactory.create(partner=location.partner)
    Location.objects.filter(pk=other_location.pk).update(membership_active=True)
    asleep = make.LocationFactory.create(partner=location.partner, name="Norrsken Luleå", membership_active=False)
    row = journeys.invited(program, other_location)
    answer = build(as_(petra), program, "try", **typed([NORDIC], [AGREEMENT]))
    assert answer.url.endswith("#trial")
    page = re.sub(r"\s+", " ", as_(petra).get(answer.url).content.decode())
    assert "Would make 1 location eligible; 1 loses it" in page
    assert "Of 3 locations, 2 are eligible under the requirements in force, and 2 would be." in page
    assert "Norrsken Luleå" in page and "The location is in Germany." in page and "Not signed." in page
    assert "Invited: 1" in page
    row.refresh_from_db()
    assert row.status == "invited" and not EligibilityDecision.objects.filter(location=asleep, eligible=True).exists()


@pytest.mark.rule("OPS-3")
def test_publishing_makes_a_new_version_evaluates_everybody_and_is_recorded(
    as_: As, petra: User, program: Program, location: Location, other_location: Location, ines: User
) -> None:
    here, there = journeys.invited(program, location), journeys.invited(program, other_location)
    client = as_(petra)
    build(client, program, "try", **typed([NORDIC]))
    publish = reverse("program_requirements_publish", args=[program.code])
    assert client.post(publish, {"revision": "1"}).url == reverse("program", args=[program.code])
    program.refresh_from_db()
    assert (program.rule_version, program.evaluated_version) == (2, 1)
    assert groups_of(program)[0].any_of[0].countries == ("SE", "NO", "DK")
    assert not RequirementDraft.objects.exists()
    entry = AuditEntry.objects.get(act="program.requirements_published")
    assert entry.actor_name == "Petra Wall" and entry.after["version"] == 2 and entry.after["lost"] == 1
    assert entry.before["requirements"][0]["any_of"][0]["kind"] == "active_membership"
    assert "being evaluated" in client.get(reverse("program", args=[program.code])).content.decode()
    # A second click finds nothing to publish.
    assert client.post(publish, {"revision": "1"}).status_code == 302
    program.refresh_from_db()
    assert program.rule_version == 2
    assert evaluation.evaluate_published() == 1
    assert evaluation.evaluate_published() == 0
    program.refresh_from_db()
    statuses = {row.pk: (row.status, row.reason) for row in Enrollment.objects.all()}
    assert statuses == {here.pk: ("invited", ""), there.pk: ("inactive", "not_eligible")}
    assert set(EligibilityDecision.objects.filter(is_current=True).values_list("rule_version", flat=True)) == {2}


def test_only_what_was_tried_is_published(as_: As, petra: User, program: Program, location: Location) -> None:
    client, publish = as_(petra), reverse("program_requirements_publish", args=[program.code])
    build(client, program, "save", **typed([NORDIC]))
    assert "Try the draft first" in client.post(publish, {"revision": "1"}, follow=True).content.decode()
    build(client, program, "try", **typed([NORDIC], revision=1))
    build(client, program, "save", **typed([AGREEMENT], revision=1))
    assert "changed in the meantime" in client.post(publish, {"revision": "1"}, follow=True).content.decode()
    assert "Try the draft first" in client.post(publish, {"revision": "2"}, follow=True).content.decode()
    # The feed brings other requirements after the trial: the trial says nothing about them.
    build(client, program, "try", **typed([AGREEMENT], revision=2))
    Program.objects.update(rule_version=7)
    assert "Try the draft first" in client.post(publish, {"revision": "2"}, follow=True).content.decode()
    program.refresh_from_db()
    assert program.rule_version == 7


def test_a_stale_form_is_refused_in_words_and_keeps_what_was_typed(as_: As, petra: User, pelle: User, program: Program) -> None:
    build(as_(petra), program, "save", **typed([NORDIC]))
    build(as_(pelle), program, "save", **typed([AGREEMENT], revision=1))
    stale = build(as_(petra), program, "save", **typed([{"kind": "country", "countries": "FI"}], revision=1))
    page = stale.content.decode()
    assert stale.status_code == 409 and "Pelle Ask changed this draft in the meantime" in page and ">FI</textarea>" in page
    assert RequirementDraft.objects.get().groups[0]["items"][0]["kind"] == "agreement"
    # Saving once more, knowing that, replaces it.
    assert 'name="revision" value="2"' in page
    assert build(as_(petra), program, "save", **typed([{"kind": "country", "countries": "FI"}], revision=2)).status_code == 302
    assert RequirementDraft.objects.get().revision == 3


def test_a_draft_that_is_discarded_while_it_is_tried_is_said_to_be(petra: User, pelle: User, program: Program) -> None:
    draft = drafts.save(program=program, typed=Typed.read(typed([NORDIC])), seen=0, by=petra)
    drafts.discard(program=program, by=pelle)
    with pytest.raises(drafts.StaleDraftError, match="discarded in the meantime"):
        drafts.try_out(draft=draft, by=petra)


def test_a_double_click_saves_once(as_: As, petra: User, program: Program) -> None:
    for _ in range(2):
        assert build(as_(petra), program, "add_group", **typed([NORDIC])).status_code == 302
    draft = RequirementDraft.objects.get()
    assert (draft.revision, len(draft.groups)) == (1, 2)


def test_a_draft_is_discarded(as_: As, petra: User, program: Program) -> None:
    build(as_(petra), program, "save", **typed([NORDIC]))
    assert build(as_(petra), program, "discard").status_code == 302
    assert not RequirementDraft.objects.exists()
    gone = build(as_(petra), program, "save", **typed([NORDIC], revision=1))
    assert gone.status_code == 409 and "published or discarded" in gone.content.decode()


@pytest.mark.rule("ELI-1")
@pytest.mark.rule("INV-1")
def test_a_new_program_is_for_nobody_until_its_requirements_are_published(petra: User, location: Location) -> None:
    new = make.ProgramFactory.create()
    new.groups.all().delete()
    assert evaluate_and_invite() == 0 and not EligibilityDecision.objects.exists()
    row = Enrollment.objects.get(location=location, program=new)
    assert (row.status, row.reason) == (Status.INACTIVE, Reason.NOT_EVALUATED)
    draft = drafts.try_out(draft=drafts.save(program=new, typed=Typed.read(typed([NORDIC])), seen=0, by=petra), by=petra)
    assert draft.trial is not None
    assert (draft.trial["before"], draft.trial["after"], draft.trial["gains"]["locations"]) == (0, 1, 1)
    drafts.publish(program=new, revision=draft.revision, by=petra)
    assert evaluation.evaluate_published() == 1 and evaluate_and_invite() == 1


def test_open_to_all_asks_nothing(as_: As, petra: User, program: Program, location: Location) -> None:
    Location.objects.update(membership_active=False)
    client = as_(petra)
    build(client, program, "try", **typed(open_to_all="1"))
    client.post(reverse("program_requirements_publish", args=[program.code]), {"revision": "1"})
    program.refresh_from_db()
    assert program.open_to_all and not program.groups.exists()


HOSTILE = [
    {"groups": "99999999999999999999"},
    {"groups": "-1"},
    {"groups": "٣"},
    {"groups": "1", "g0-items": "9999", "g0i0-kind": "__class__"},
    {"do": "remove_group:99"},
    {"do": "remove_item:0"},
    {"do": "up:-1"},
    {"do": "add_item:0:0:0"},
    {"do": "nonsense"},
    {"do": "add_item:0", "groups": "1", "g0-add": "sql"},
    {
        "groups": "1",
        "g0-title_en": "a\u200bb\u202ec" * 500,
        "g0-items": "1",
        "g0i0-kind": "country",
        "g0i0-countries": "x" * 90_000,
    },
    {"revision": "1e9"},
]


@pytest.mark.parametrize("form", HOSTILE)
def test_nonsense_breaks_nothing(form: dict[str, str], as_: As, petra: User, program: Program) -> None:
    answer = as_(petra).post(reverse("program_requirements", args=[program.code]), form)
    assert answer.status_code in {302, 409, 422}
    for draft in RequirementDraft.objects.all():
        assert len(draft.groups) <= 20 and "\u202e" not in str(draft.groups)
    assert as_(petra).get(reverse("program_requirements", args=[program.code])).status_code == 200


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("who", ["gunnar", "ines", "rita"])
def test_nobody_else_comes_near(who: str, as_: As, program: Program, request: pytest.FixtureRequest) -> None:
    client = as_(request.getfixturevalue(who))
    assert build(client, program, "save", **typed([NORDIC])).status_code == 403
    assert client.post(reverse("program_requirements_publish", args=[program.code]), {"revision": "1"}).status_code == 403
    assert not RequirementDraft.objects.exists()


def test_an_old_rule_overwrites_nothing_that_a_newer_one_decided(program: Program, location: Location) -> None:
    journeys.opened(program, location)
    old = evaluation._rules([program.code])
    Program.objects.update(rule_version=2)
    assert evaluation._decide_and_store(old, [location.pk], None) == {}


def test_a_page_asks_the_same_number_of_questions_whatever_the_trial(
    as_: As, petra: User, program: Program, location: Location
) -> None:
    client, path, counts = as_(petra), reverse("program_requirements", args=[program.code]), []
    for others in (0, 9):
        make.LocationFactory.create_batch(others, partner=location.partner)
        build(client, program, "try", **typed([AGREEMENT], revision=len(counts)))
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_requirement_is_headed_in_the_readers_language(as_: As, petra: User, program: Program) -> None:
    build(as_(petra), program, "save", **typed([{"kind": "active_membership"}]))
    address = reverse("program_requirements", args=[program.code])
    assert "Requirement 1: Group 0" in as_(petra).get(address).content.decode()
    User.objects.filter(pk=petra.pk).update(language="sv")
    assert "Krav 1: Krav 0" in as_(petra).get(address).content.decode()
