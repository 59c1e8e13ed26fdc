"""Whether an overview that somebody has already is still the same: a stamp that changes with every row that it is made of.

PostgreSQL writes the transaction that made it into each version of a row (`xmin`). Whoever changes rows after a stamp was taken
had not committed before, so every number that comes is other than all that go. They are summed as hashes: transactions overlap,
and one that was numbered before another can write after it, so that the numbers themselves may add up to the same.
"""

import hashlib
import uuid
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from accounts.access import PortalRequest
from accounts.actor import Actor
from accounts.roles import Permission
from incentives_portal.core.compiled import asked
from incentives_portal.core.release import release

_OF = "(SELECT (count(*), sum(hashtextextended(xmin::text, 0)))::text FROM {})"
STAMP = "SELECT concat_ws(' ', {})".format(
    ", ".join(
        _OF.format(rows)
        for rows in (
            "enrollment_enrollment WHERE partner_id = %s",
            "accounts_location WHERE partner_id = %s",
            "enrollment_savedview WHERE partner_id = %s",
            "enrollment_program",
        )
    )
)
# By these a part of the page is asked for, or all of it.
HTMX = ("HTTP_HX_REQUEST", "HTTP_HX_HISTORY_RESTORE_REQUEST")
NO_STAMP: tuple[str, list[Any]] = ("SELECT ''", [])


def stamp_places(actor: Actor) -> list[uuid.UUID]:
    """The parameters of STAMP."""
    assert actor.partner is not None
    return [actor.partner.pk] * 3


def is_stamped(actor: Actor) -> bool:
    """Who may enroll all that they see reads nothing but their partner's rows; others read who can, and the operator's people
    read every partner's."""
    grants = list(actor.grants_for(Permission.SEE_ENROLLMENTS))
    return actor.partner is not None and all(Permission.ENROLL in grant.permissions for grant in grants)


def stamp_now(actor: Actor) -> str:
    """The stamp by itself."""
    [(stamp,)] = asked(STAMP, stamp_places(actor))
    return str(stamp)


def etag(request: PortalRequest, stamp: str) -> str:
    """What a page is called that was made of the rows of `stamp`, for this person, now to the minute, by these texts."""
    actor = request.actor
    at = actor.at.strftime("%Y%m%d%H%M") if actor.at else ""
    made_of = (
        stamp, at, request.get_full_path(), *(request.META.get(name) for name in HTMX), get_language(),
        actor.user.pk, actor.user.name, actor.user.email, actor.partner, actor.partners, actor.grants,
        request.META.get("CSRF_COOKIE"), settings.OPERATOR_NAME, release(),
    )  # fmt: skip
    return f'W/"{hashlib.blake2b(repr(made_of).encode(), digest_size=16).hexdigest()}"'
