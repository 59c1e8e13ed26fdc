"""Invitations in waves: previewed, started, held, resumed, limited, and never twice (rules INV-1, INV-6)."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.announcing import audiences
from enrollment.models import Enrollment, Invitation, InvitationWave, Program
from enrollment.queries.waves import preview
from enrollment.services import daily, waves
from enrollment.services.invitations import invite_due
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("INV-1")]
As = Callable[..., Client]


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(code="CSR", inviting="waves")


@pytest.fixture
def base(partner: Partner, other_partner: Partner, ines: User, gunnar: User) -> list[Location]:
    """Ines's one location, two more of her partner's that nobody enrolls, three of another partner that has nobody."""
    here = [*partner.locations.all(), *make.LocationFactory.create_batch(2, partner=partner)]
    return here + make.LocationFactory.create_batch(3, partner=other_partner, country="DE")


def planned(program: Program, by: User, **terms: Any) -> InvitationWave:
    return waves.plan(**{"name": "Autumn", "programs": [program], "countries": [], "at_most": None, "by": by} | terms)


def opened(program: Program, base: list[Location]) -> None:
    journeys.opened(program, base[0])


def invited() -> int:
    return Enrollment.objects.filter(status="invited").count()


def test_the_preview_says_how_many_where_in_which_language_and_who_lacks_an_admin(
    as_: As, petra: User, program: Program, base: list[Location]
) -> None:
    opened(program, base)
    make.person("Ida Ek", base[0].partner, make.INCENTIVES_ADMIN, base[0], base[1], language="sv")
    elsewhere = make.UserFactory.create()
    make.give_role(elsewhere, base[0].partner, make.INCENTIVES_ADMIN, base[2], program_codes=["OTHER"])
    client = as_(petra)
    form = {"name": "Autumn", "programs": [str(program.pk)], "countries": "Sverige, DE", "at_most": "5"}
    answer = client.post(reverse("wave_new"), form)
    page = re.sub(r"\s+", " ", client.get(answer.url).content.decode())
    assert "6 locations are due, 3 mails to incentives admins. The limit lets 5 of them through." in page
    assert "4 locations have no incentives admin" in page and "3 have nobody who could be asked." in page
    assert "Invite 5 locations" in page
    found = preview(InvitationWave.objects.get())
    assert {one.label: one.count for one in found.countries} == {"Sweden": 3, "Germany": 3}
    assert {one.label: one.count for one in found.languages} == {"English": 1, "Svenska": 2}
    # Nothing has happened yet.
    assert invited() == 0 and not Mail.objects.exists()


@pytest.mark.rule("INV-2")
def test_the_preview_agrees_with_who_is_then_told(petra: User, program: Program, base: list[Location]) -> None:
    opened(program, base)
    make.person("Ida Ek", base[0].partner, make.INCENTIVES_ADMIN, language="sv")
    make.give_role(make.UserFactory.create(), base[3].partner, make.INCENTIVES_ADMIN, base[4], program_codes=["CSR", "X"])
    wave = planned(program, petra)
    found = preview(wave)
    told = audiences(list(Enrollment.objects.select_related("program", "location")))
    assert found.mails == sum(len(one.admins) for one in told.values())
    assert found.without_admin == sum(not one.admins for one in told.values())
    assert found.without_anybody == sum(not one.admins and not one.assigners for one in told.values())


def test_a_wave_invites_its_programs_countries_and_no_more_than_its_limit(
    petra: User, program: Program, base: list[Location]
) -> None:
    other = make.ProgramFactory.create(inviting="waves")
    opened(program, base)
    opened(other, base)
    waves.start(wave=planned(program, petra, countries=["DE"]), by=petra)
    assert waves.send() == 3
    assert set(Enrollment.objects.filter(status="invited").values_list("program__code", "location__country")) == {("CSR", "DE")}
    limited = waves.start(wave=planned(program, petra, at_most=2), by=petra)
    assert waves.send() == 2 and waves.send() == 0
    limited.refresh_from_db()
    assert (limited.state, limited.invited, limited.invitations.count()) == ("done", 2, 2)
    assert list(AuditEntry.objects.filter(act="wave.done").values_list("after", flat=True)) == [{"invited": 3}, {"invited": 2}]


def test_a_wave_is_held_and_goes_on(petra: User, program: Program, base: list[Location], monkeypatch: Any) -> None:
    opened(program, base)
    monkeypatch.setattr(waves, "CHUNK", 2)
    wave = waves.start(wave=planned(program, petra), by=petra)
    assert waves._send_chunk(wave.pk, petra) == 2
    waves.pause(wave=wave, by=petra)
    assert waves.send() == 0 and invited() == 2
    waves.resume(wave=wave, by=petra)
    assert waves.send() == 4
    wave.refresh_from_db()
    assert (wave.state, wave.invited) == ("done", 6)


def test_nobody_else_invites_what_a_wave_holds(petra: User, base: list[Location]) -> None:
    program = make.ProgramFactory.create()
    opened(program, base)
    wave = waves.start(wave=planned(program, petra, at_most=1), by=petra)
    waves.pause(wave=wave, by=petra)
    assert daily.evaluate_and_invite() == 0
    waves.cancel(wave=wave, by=petra)
    assert invite_due() == 6


def test_programs_invited_in_waves_wait_for_one(program: Program, base: list[Location]) -> None:
    opened(program, base)
    assert daily.evaluate_and_invite() == 0 and invited() == 0


@pytest.mark.rule("INV-6")
def test_who_dies_in_a_chunk_loses_nothing_and_repeats_nothing(
    petra: User, program: Program, base: list[Location], monkeypatch: Any
) -> None:
    opened(program, base)
    monkeypatch.setattr(waves, "CHUNK", 2)
    wave, whole, count = waves.start(wave=planned(program, petra), by=petra), waves.invite, [0]

    def dying(*args: Any, **kwargs: Any) -> int:
        count[0] += 1
        done = whole(*args, **kwargs)
        if count[0] % 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(waves, "invite", dying)
    for _ in range(12):
        try:
            waves.send()
        except KeyboardInterrupt:
            continue
    wave.refresh_from_db()
    assert (wave.state, wave.invited, Invitation.objects.count(), invited()) == ("done", 6, 6, 6)
    assert Mail.objects.filter(kind="invitation").count() == 1


def test_a_wave_that_another_worker_sends_is_left_to_it(petra: User, program: Program, base: list[Location]) -> None:
    opened(program, base)
    wave = waves.start(wave=planned(program, petra), by=petra)
    assert "SKIP LOCKED" in _sql_of(lambda: waves._send_chunk(wave.pk, petra))


def _sql_of(act: Callable[[], object]) -> str:
    with CaptureQueriesContext(connection) as asked:
        act()
    return " ".join(one["sql"] for one in asked)


def test_stale_buttons_get_a_sentence(as_: As, petra: User, pelle: User, program: Program, base: list[Location]) -> None:
    opened(program, base)
    wave = planned(program, petra)
    for _ in range(2):
        assert as_(petra).post(reverse("wave_start", args=[wave.pk])).status_code == 302
    assert AuditEntry.objects.filter(act="wave.started").count() == 1
    as_(pelle).post(reverse("wave_cancel", args=[wave.pk]))
    page = as_(petra).post(reverse("wave_pause", args=[wave.pk]), follow=True).content.decode()
    assert "isn&#x27;t possible any more" in page
    assert waves.send() == 0


def test_where_nobody_is_due_there_is_nothing_to_start(as_: As, petra: User, program: Program, base: list[Location]) -> None:
    wave = planned(program, petra)
    client, start = as_(petra), reverse("wave_start", args=[wave.pk])
    assert start not in client.get(reverse("wave", args=[wave.pk])).content.decode()
    opened(program, base)
    assert start in client.get(reverse("wave", args=[wave.pk])).content.decode()


def test_a_discontinued_program_is_not_offered_for_a_wave(as_: As, petra: User, program: Program) -> None:
    client = as_(petra)
    assert program.name in client.get(reverse("wave_new")).content.decode()
    Program.objects.filter(pk=program.pk).update(discontinued_on=clock.today() - dt.timedelta(days=1))
    assert program.name not in client.get(reverse("wave_new")).content.decode()


def test_the_page_counts_what_became_of_it(as_: As, petra: User, program: Program, base: list[Location]) -> None:
    opened(program, base)
    wave = waves.start(wave=planned(program, petra), by=petra)
    waves.send()
    page = re.sub(r"\s+", " ", as_(petra).get(reverse("wave", args=[wave.pk])).content.decode())
    assert "What became of it" in page and "Done" in page
    assert as_(petra).get(reverse("waves")).status_code == 200


def test_the_preview_asks_a_fixed_number_of_questions(petra: User, program: Program, base: list[Location]) -> None:
    counts = []
    wave = planned(program, petra)
    for _ in range(2):
        opened(program, base)
        with CaptureQueriesContext(connection) as asked:
            preview(wave)
        counts.append(len(asked))
        make.LocationFactory.create_batch(5, partner=base[0].partner)
    assert counts[0] == counts[1]


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("who", ["gunnar", "ines", "rita"])
def test_nobody_else_comes_near(who: str, as_: As, petra: User, program: Program, request: pytest.FixtureRequest) -> None:
    client, wave = as_(request.getfixturevalue(who)), planned(program, petra)
    for name in ("wave_start", "wave_pause", "wave_resume", "wave_cancel"):
        assert client.post(reverse(name, args=[wave.pk])).status_code == 403
    assert client.post(reverse("wave_new"), {"name": "x", "programs": [str(program.pk)]}).status_code == 403
    wave.refresh_from_db()
    assert wave.state == "planned" and InvitationWave.objects.count() == 1


@pytest.mark.parametrize("part", [{}, {"HX-Request": "true"}])
def test_the_page_and_the_part_that_follows_it_are_told_apart(as_: As, petra: User, program: Program, part: dict[str, str]) -> None:
    response = as_(petra).get(reverse("wave", args=[planned(program, petra).pk]), headers=part)
    assert "HX-Request" in response["Vary"] and (b"<html" in response.content) is (not part)
