"""Conditional requests (RFC 7644 section 3.14): entity tags decide whether something is sent, or written, at all."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from scim2_models import PreconditionFailedException


def _tags(header: str) -> set[str]:
    """The tags of a header; weak and strong ones are alike here, since the same version is the same in every byte."""
    return {part.strip().removeprefix("W/") for part in header.split(",") if part.strip()}


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether the asker has this version already (If-None-Match)."""
    known = _tags(request.headers.get("If-None-Match", ""))
    return bool(known & {"*", tag.removeprefix("W/")})


def require_unchanged(request: HttpRequest, tag: str) -> None:
    """Raises PreconditionFailedException where the asker changes another version than this one (If-Match)."""
    meant = _tags(request.headers.get("If-Match", ""))
    if meant and not meant & {"*", tag.removeprefix("W/")}:
        raise PreconditionFailedException(detail=_("This was changed in the meantime. Read it again."))
