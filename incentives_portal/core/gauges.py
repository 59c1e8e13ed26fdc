"""Figures of the portal as it stands, counted in the database: shown on the operator's page and read by Prometheus.

As with health checks, each floor adds its own:

    @gauges.gauge("portal_validations_open", "Validations that nobody has decided")
    def open_validations() -> gauges.Values: ...

Labels never hold an id, a name or an address: what they tell apart are kinds and states.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Min

from incentives_portal.core import clock
from incentives_portal.core.health import audit
from incentives_portal.core.models import Mail, Run
from incentives_portal.core.pulse import pulse

# Pairs of a label's value ("" where the gauge has no label) and the number.
Values = Iterable[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A named figure: its help text, the name of its label or none, and how it is counted."""

    name: str
    text: str
    label: str
    count: Callable[[], Values]


_gauges: dict[str, Gauge] = {}


def gauge(name: str, text: str, *, label: str = "") -> Callable[[Callable[[], Values]], Callable[[], Values]]:
    """Registers a function as the gauge `name`."""

    def register(count: Callable[[], Values]) -> Callable[[], Values]:
        _gauges[name] = Gauge(name, text, label, count)
        return count

    return register


def every_gauge() -> list[Gauge]:
    """All of them, by name."""
    return [_gauges[name] for name in sorted(_gauges)]


@gauge("portal_mails_waiting", "Mails that are owed (due or put off) or given up", label="state")
def mails_waiting() -> Values:
    waiting = Mail.objects.filter(state__in=[Mail.State.OWED, Mail.State.DEAD])
    counted = dict(waiting.values_list("state").annotate(number=Count("pk")))
    due = Mail.objects.filter(state=Mail.State.OWED, due_at__lte=clock.now()).count()
    owed, dead = counted.get(Mail.State.OWED, 0), counted.get(Mail.State.DEAD, 0)
    return [("due", due), ("put_off", max(owed - due, 0)), ("given_up", dead)]


@gauge("portal_mail_oldest_due_seconds", "How long the mail that is due longest has been due")
def oldest_due_mail() -> Values:
    now = clock.now()
    oldest = Mail.objects.filter(state=Mail.State.OWED, due_at__lte=now).aggregate(oldest=Min("due_at"))["oldest"]
    return [("", (now - oldest).total_seconds() if oldest else 0)]


@gauge("portal_audit_oldest_unsealed_seconds", "How long the oldest audit entry has waited for its seal")
def oldest_unsealed() -> Values:
    return [("", float(audit().figures["oldest_unsealed_seconds"]))]


@gauge("portal_runs_unfinished", "Runs of commands that haven't said how they ended")
def unfinished_runs() -> Values:
    return [("", Run.objects.filter(outcome=Run.Outcome.RUNNING).count())]


@gauge("portal_workers_alive", "Workers heard of in the last minute")
def workers_alive() -> Values:
    found = pulse()
    return [("", found.alive)] if found else []


@gauge("portal_beat_last_turn_seconds", "Seconds since beat last sent something")
def beats_last_turn() -> Values:
    found = pulse()
    return [("", found.beat)] if found and found.beat is not None else []
