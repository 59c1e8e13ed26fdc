"""Waves of invitations: planned, started, held and resumed by a program manager, sent chunk by chunk by the worker (rule INV-1).

A chunk is one transaction: its invitations, its mails owed and the wave's count. A worker that is killed loses at most the
chunk that it was at; whoever comes next goes on, and nobody is invited twice.
"""

import time
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from enrollment.errors import RefusedError
from enrollment.models import Enrollment, InvitationWave, Program
from enrollment.services.invitations import due, invite
from incentives_portal.core import audit, clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.waking import wake_on_commit

State = InvitationWave.State
CHUNK = 100
RUN_SECONDS = 300.0  # then the next sweep goes on, so that no task comes near its time limit
SEND = "enrollment.tasks.send_waves"


def due_in(wave: InvitationWave) -> QuerySet[Enrollment]:
    """What the wave would invite, were it not limited."""
    rows = due(in_waves=True).filter(program__in=wave.programs.all())
    return rows.filter(location__country__in=wave.countries) if wave.countries else rows


@transaction.atomic
def plan(*, name: str, programs: Sequence[Program], countries: Collection[str], at_most: int | None, by: Any) -> InvitationWave:
    """Writes down a wave that invites nobody yet."""
    wave = InvitationWave.objects.create(
        name=name, countries=sorted(countries), at_most=at_most, created_at=clock.now(), created_by=audit.person(by)
    )
    wave.programs.set(programs)
    terms = {"programs": [program.code for program in programs], "countries": wave.countries, "at_most": at_most}
    audit.record("wave.planned", wave, by=by, after=terms)
    return wave


def start(*, wave: InvitationWave, by: Any) -> InvitationWave:
    """Lets the worker send it. Starting what runs changes nothing; raises RefusedError for one that is over."""
    return _turn(wave, State.RUNNING, "wave.started", {State.PLANNED}, by=by)


def pause(*, wave: InvitationWave, by: Any) -> InvitationWave:
    """Holds it after the chunk that is being sent. Its programs are invited by nobody else meanwhile."""
    return _turn(wave, State.PAUSED, "wave.paused", {State.RUNNING}, by=by)


def resume(*, wave: InvitationWave, by: Any) -> InvitationWave:
    """Goes on where it was held."""
    return _turn(wave, State.RUNNING, "wave.resumed", {State.PAUSED}, by=by)


def cancel(*, wave: InvitationWave, by: Any) -> InvitationWave:
    """Ends it early. Who is invited stays invited."""
    return _turn(wave, State.CANCELLED, "wave.cancelled", {State.PLANNED, State.RUNNING, State.PAUSED}, by=by)


@transaction.atomic
def _turn(wave: InvitationWave, state: str, act: str, before: set[str], *, by: Any) -> InvitationWave:
    wave = InvitationWave.objects.select_for_update().get(pk=wave.pk)
    if wave.state == state:
        return wave
    if wave.state not in before:
        raise RefusedError(
            _("This wave is %(state)s by now, so that isn't possible any more.") % {"state": wave.get_state_display()}
        )
    wave.state = state
    if state == State.RUNNING:
        wave.started_at = wave.started_at or clock.now()
        wake_on_commit(SEND)
    wave.finished_at = clock.now() if wave.is_over else None
    wave.save()
    audit.record(act, wave, by=by, after={"invited": wave.invited})
    return wave


def send(*, by: Any = SYSTEM) -> int:
    """Sends the waves that run, chunk by chunk, until they are done, held, or the time of a run is over.

    Several workers share the waves; one wave is one worker's at a time. Returns how many were invited.
    """
    invited, until = 0, time.monotonic() + RUN_SECONDS
    for wave_id in InvitationWave.objects.filter(state=State.RUNNING).order_by("started_at").values_list("pk", flat=True):
        while time.monotonic() < until and (sent := _send_chunk(wave_id, by)) is not None:
            invited += sent
    return invited


@transaction.atomic
def _send_chunk(wave_id: uuid.UUID, by: Any) -> int | None:
    """How many were invited, or None where there is nothing more to do for us."""
    wave = InvitationWave.objects.select_for_update(skip_locked=True).filter(pk=wave_id, state=State.RUNNING).first()
    if wave is None:
        return None
    room = CHUNK if wave.at_most is None else min(CHUNK, wave.at_most - wave.invited)
    ids = list(due_in(wave).order_by("pk").values_list("pk", flat=True)[:room])
    if not ids:
        wave.state, wave.finished_at = State.DONE, clock.now()
        wave.save()
        audit.record("wave.done", wave, by=by, after={"invited": wave.invited})
        return None
    count = invite(ids, by=wave.created_by or by, wave=wave)
    wave.invited += count
    wave.save(update_fields=["invited"])
    return count
