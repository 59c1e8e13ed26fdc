import logging
import time
import uuid

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef
from psycopg import errors

from accounts.actor import Actor, actor_for
from accounts.models import User
from enrollment.bulk import Act, Code, Verdict, judge
from enrollment.bulk_facts import gather, seen
from enrollment.errors import RefusedError
from enrollment.models import BulkEnrollment, BulkEnrollmentRow, Enrollment
from enrollment.services import enrolling
from enrollment.status import Status
from incentives_portal.core import clock, wall
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.waking import wake

from .starting import RUN

# Jobs take turns, so that three rows don't wait behind four thousand.
TURN = 20
# One run ends after this many seconds and wakes the next: mails and validations get their turn, too.
PATIENCE = 45
COLLISIONS = (errors.DeadlockDetected, errors.SerializationFailure)

log = logging.getLogger(__name__)


def run_due(*, patience: float = PATIENCE) -> int:
    """Does what waits, some rows of each job in turn; returns how many rows were done.

    A transaction for each row holds the act and its outcome: killed at any moment, a worker leaves rows that are done and
    rows that wait. What another worker holds is left to it.
    """
    until, done = time.monotonic() + patience, 0
    while before_turn := _open_jobs():
        turn = sum(_take_turn(pk, partner_id) for pk, partner_id in before_turn)
        done += turn
        if not turn:
            break
        if time.monotonic() > until:
            wake(RUN)
            break
    return done


def _open_jobs() -> list[tuple[uuid.UUID, uuid.UUID]]:
    return list(BulkEnrollment.objects.filter(finished_at=None).order_by("started_at").values_list("pk", "partner_id"))


def _take_turn(job_id: uuid.UUID, partner_id: uuid.UUID) -> int:
    """Some rows of one job, behind its partner's wall: whatever goes wrong here reaches no other partner's rows."""
    with wall.looking(partner_id):
        done = 0
        while done < TURN and _do_next(job_id):
            done += 1
        if done < TURN:
            _finish(job_id)
    return done


def _finish(job_id: uuid.UUID) -> None:
    """Closes the job when no row waits. Who does the last row sees that it is; a row that is held still waits."""
    waiting = BulkEnrollmentRow.objects.filter(job=OuterRef("pk"), outcome="")
    BulkEnrollment.objects.filter(~Exists(waiting), pk=job_id, finished_at=None).update(finished_at=DatabaseNow())


def _do_next(job_id: uuid.UUID) -> bool:
    """Does one row that nobody else is doing; says whether there was one."""
    row_id = 0
    try:
        with transaction.atomic():
            waiting = BulkEnrollmentRow.objects.select_for_update(of=("self",), skip_locked=True)
            row = waiting.filter(job=job_id, outcome="").select_related("job__started_by").order_by("pk").first()
            if row is None:
                return False
            row_id = row.pk
            _conclude(row, _do(row))
    except OperationalError as error:
        if not isinstance(error.__cause__, COLLISIONS):
            raise
        # Somebody else was in the way and won; the row waits still, and its turn comes again.
        log.info("row %s collided and is tried again", row_id)
    except Exception as error:
        # Whatever it is, the others aren't held up; the person reads that this one failed and can try it again.
        log.exception("row %s failed: %s", row_id, type(error).__name__)
        _give_up(row_id)
    return True


def _conclude(row: BulkEnrollmentRow, outcome: str) -> None:
    row.outcome, row.done_at = outcome, clock.now()
    row.save(update_fields=["outcome", "done_at"])


@transaction.atomic
def _give_up(row_id: int) -> None:
    for row in BulkEnrollmentRow.objects.select_for_update(skip_locked=True).filter(pk=row_id, outcome=""):
        _conclude(row, Code.ERROR)


def _do(row: BulkEnrollmentRow) -> str:
    """Does one row as its person would do it on its page now, and returns the code of what came of it."""
    by = row.job.started_by
    actor = _actor(row.job)
    if by is None or actor is None:
        return Code.OUT_OF_SCOPE
    # Profiles before enrollments, as everywhere: what is locked here stays as it is judged.
    enrollment = enrolling.locked(row.enrollment_id, row.payout_profile, row.tax_profile)
    verdict = judge(gather([enrollment], row.job.choice, actor, clock.today()).situation(enrollment), row.job.choice)
    if verdict.code != Code.READY:
        return verdict.code
    if seen(enrollment) != row.seen or (verdict.payout_id, verdict.tax_id, verdict.currency) != _checked(row):
        return Code.OVERTAKEN
    try:
        with transaction.atomic():
            return _act(row, enrollment, verdict, by)
    except RefusedError as refusal:
        return _code_of(refusal)


def _actor(job: BulkEnrollment) -> Actor | None:
    """The person with the roles that they hold now; None where they have left the partner."""
    if job.started_by is None or not job.started_by.is_active:
        return None
    actor = actor_for(job.started_by, job.partner_id)
    return actor if actor.partner and actor.partner.pk == job.partner_id else None


def _checked(row: BulkEnrollmentRow) -> tuple[uuid.UUID | None, uuid.UUID | None, str]:
    """What the person saw in the preview."""
    return row.payout_profile_id, row.tax_profile_id, row.currency


def _code_of(refusal: RefusedError) -> str:
    return refusal.code if refusal.code and refusal.code in set(Code) else Code.OVERTAKEN


def _act(row: BulkEnrollmentRow, enrollment: Enrollment, verdict: Verdict, by: User) -> str:
    if row.job.act == Act.DECLINE:
        enrolling.decline(enrollment_id=enrollment.pk, by=by)
        return Code.DECLINED
    enrolling.accept(enrollment_id=enrollment.pk, by=by)
    if row.job.act == Act.ACCEPT:
        return Code.ACCEPTED
    enrolling.choose(
        enrollment_id=enrollment.pk,
        payout_profile=row.payout_profile,
        tax_profile=row.tax_profile,
        currency=verdict.currency,
        by=by,
    )
    return _outcome(enrolling.submit(enrollment_id=enrollment.pk, by=by))


def _outcome(submitted: Enrollment) -> str:
    """What the submission came to."""
    return {Status.ENROLLED: Code.ENROLLED, Status.VALIDATING: Code.VALIDATING}.get(Status(submitted.status), Code.ACTION_REQUIRED)
