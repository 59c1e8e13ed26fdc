"""Workers that send a wave are killed in the middle of it: everybody is invited once, and told once (rules INV-1, INV-6)."""

import random
import subprocess
import time

import pytest
from celery import current_app
from django.db.models import Count

from enrollment.models import Enrollment, Invitation, Notice
from enrollment.services import waves
from incentives_portal.core.models import Mail
from tests import factories as make
from tests.enrollment import journeys
from tests.workers import worker

pytestmark = [pytest.mark.rule("INV-1"), pytest.mark.rule("INV-6"), pytest.mark.django_db(transaction=True)]
LOCATIONS, KILLS = 450, 3


def killed_while_sending(process: subprocess.Popen[bytes], more_than: int) -> None:
    """Lets the worker begin, and kills it at some moment of its next chunk."""
    deadline = time.monotonic() + 90
    while Invitation.objects.count() <= more_than and time.monotonic() < deadline:
        current_app.send_task(waves.SEND)
        time.sleep(0.05)
    time.sleep(random.random() / 4)


def test_killed_workers_invite_nobody_twice_and_forget_nobody() -> None:
    partner = make.PartnerFactory.create()
    places = make.LocationFactory.create_batch(LOCATIONS, partner=partner)
    ines = make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN)
    program, petra = make.ProgramFactory.create(inviting="waves"), make.operator("Petra Wall", "program_manager")
    journeys.opened(program, places[0])
    wave = waves.plan(name="Autumn", programs=[program], countries=[], at_most=LOCATIONS - 10, by=petra)
    waves.start(wave=wave, by=petra)
    for _ in range(KILLS):
        before = Invitation.objects.count()
        if before >= LOCATIONS - 10:
            break
        with worker() as process:
            killed_while_sending(process, before)
    deadline = time.monotonic() + 60
    while wave.state != "done" and time.monotonic() < deadline:
        # PostgreSQL may not have noticed yet that a killed worker is gone, and holds its lock; the next sweep comes by.
        waves.send()
        time.sleep(0.2)
        wave.refresh_from_db()
    assert (wave.state, wave.invited) == ("done", LOCATIONS - 10)
    assert Enrollment.objects.filter(status="invited").count() == Invitation.objects.count() == LOCATIONS - 10
    assert not Invitation.objects.values("enrollment").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert Mail.objects.filter(kind="invitation", to=ines.email).count() == LOCATIONS - 10
    assert Notice.objects.filter(user=ines).count() == LOCATIONS - 10
