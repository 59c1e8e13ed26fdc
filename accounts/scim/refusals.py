"""What a service refuses, in SCIM's own terms: a status, a keyword where RFC 7644 has one, and the sentence for the admin."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _
from scim2_models import ConflictException, InvalidValueException, SCIMException, UniquenessException


class TooManyRequests(SCIMException):
    """Too many wrong tokens came from this address."""

    status = 429


# What the portal refuses because of how things stand there now, by the code of the refusal. Everything else is a bad value.
CONFLICTS = frozenset({"last_global_admin", "operator", "stale", "suspended", "elsewhere", "directory"})
TAKEN = frozenset({"taken"})


def as_scim(refusal: ValidationError) -> SCIMException:
    """A service's refusal as an answer of the protocol."""
    detail = " ".join(refusal.messages)
    code = getattr(refusal, "code", "")
    if code in TAKEN:
        return UniquenessException(detail=detail)
    if code in CONFLICTS:
        return ConflictException(detail=detail)
    return InvalidValueException(detail=detail)


def of_database(refusal: IntegrityError) -> SCIMException:
    """What a constraint refused that a service did not see coming, such as an admin demoted at the same moment."""
    diagnosis = getattr(refusal.__cause__, "diag", None)
    if getattr(diagnosis, "constraint_name", "") == "last_global_admin_stays":
        return ConflictException(
            detail=_("The last active global admin can be neither removed nor demoted. Assign another global admin first.")
        )
    return ConflictException(detail=_("This conflicts with a change made at the same moment. Try again."))
