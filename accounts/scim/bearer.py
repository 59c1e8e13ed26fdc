"""The door of /scim/v2: a bearer token, and with it one partner's directory. Sessions and their cookies count for nothing here."""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, RequestDataTooBig, ValidationError
from django.db import DataError, IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError as MalformedError
from scim2_models import Error, InvalidSyntaxException, InvalidValueException, SCIMException, UnauthorizedException
from scim2_models.exceptions import PayloadTooLargeException

from accounts.models import Directory
from accounts.scim.refusals import TooManyRequests, as_scim, of_database
from accounts.scim.resources import POLICY
from accounts.services import scim_tokens

logger = logging.getLogger(__name__)
P = ParamSpec("P")
CONTENT_TYPE = "application/scim+json"
# Wrong tokens from one address within this many seconds, after which it waits. Who shows a valid one is never kept waiting,
# since many partners' directories come from the same cloud.
GUESSES, WITHIN = 30, 300
# A person fits; a group of ten thousand fits the setting DATA_UPLOAD_MAX_MEMORY_SIZE.
PERSON_BYTES = 65_536


class ScimRequest(HttpRequest):
    """A request that showed a valid token, as the views get it (for annotations)."""

    directory: Directory


View = Callable[Concatenate[ScimRequest, P], HttpResponse]


def bearer(**verbs: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view that answers each HTTP verb by one of `verbs`, for whom a valid token names. All that is refused is JSON.

    The token is asked for first: without one nobody learns what exists. What is said is said in the partner's language, whose
    admins read it in their directory's log.
    """

    @csrf_exempt
    def view(request: ScimRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            request.directory = _directory_of(request)
        except SCIMException as refusal:
            response = _answer(refusal)
        else:
            with override(request.directory.partner.language), POLICY:
                verb = verbs.get((request.method or "").lower())
                response = _tried(lambda: verb(request, *args, **kwargs)) if verb else _not_taken(verbs)
        response.headers["Cache-Control"] = "no-store"
        return response

    return view  # type: ignore[return-value]


def _tried(answer: Callable[[], HttpResponse]) -> HttpResponse:
    """What the view answers, or its refusal in SCIM's format."""
    try:
        return answer()
    except SCIMException as refusal:
        return _answer(refusal)
    except MalformedError as malformed:
        return refused(Error.from_validation_errors(malformed)[0])
    except ValidationError as refusal:
        return _answer(as_scim(refusal))
    except IntegrityError as refusal:
        return _answer(of_database(refusal))
    except (DataError, RecursionError, UnicodeError):
        return _answer(InvalidValueException(detail=_("A value is too long or holds what can't be stored.")))


def _not_taken(verbs: Iterable[str]) -> HttpResponse:
    allow = ", ".join(sorted(verb.upper() for verb in verbs))
    return refused(Error(status=405, detail=_("This address takes %(verbs)s.") % {"verbs": allow}), Allow=allow)


def _answer(refusal: SCIMException) -> HttpResponse:
    headers = {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="scim"'
    if refusal.status == 429:
        headers["Retry-After"] = str(WITHIN)
    return refused(refusal.to_error(), **headers)


def refused(error: Error, **headers: str) -> HttpResponse:
    """An error in SCIM's format (RFC 7644 section 3.12)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(json.dumps(error.model_dump()), content_type=CONTENT_TYPE, status=error.status, headers=named)


def _directory_of(request: HttpRequest) -> Directory:
    """Whose token this is. A token in the query string is none: addresses end up in logs."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    token = text.strip()
    if scheme.lower() == "bearer" and token:
        found = scim_tokens.find(token) if token.isascii() else None
        if found is not None:
            return found.directory
        _count_guess(_address(request))
    raise UnauthorizedException(detail=_("The bearer token is missing, wrong, revoked or expired."))


def _count_guess(address: str) -> None:
    """Raises TooManyRequests where too many wrong tokens came from there."""
    logger.warning("provisioning refused: a wrong token from %s", address)
    key = f"scim-guesses:{address}"
    cache.add(key, 0, WITHIN)
    try:
        guesses = cache.incr(key)
    except ValueError:  # it ran out between the two
        guesses = 1
    if guesses > GUESSES:
        raise TooManyRequests(detail=_("Too many requests with a wrong token. Wait a few minutes."))


def _address(request: HttpRequest) -> str:
    try:
        return str(get_adapter().get_client_ip(request))
    except (ImproperlyConfigured, PermissionDenied):
        return str(request.META.get("REMOTE_ADDR", ""))


def body_of(request: HttpRequest, *, limit: int = 0) -> dict[str, Any]:
    """The JSON object that was sent. Refuses what is too large, no JSON, no object, or holds what can't be stored."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raise PayloadTooLargeException(detail=_("The request is too large.")) from None
    if limit and len(raw) > limit:
        raise PayloadTooLargeException(detail=_("The request is too large."))
    try:
        sent = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidSyntaxException(detail=_("The request is not valid JSON.")) from None
    if not isinstance(sent, dict):
        raise InvalidSyntaxException(detail=_("The request is not a JSON object."))
    _refuse_unstorable(sent)
    return sent


def _refuse_unstorable(value: Any) -> None:
    """A NUL, or half of a surrogate pair, that JSON can name and PostgreSQL can't hold."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str) and ("\x00" in one or any("\ud800" <= char <= "\udfff" for char in one)):
            raise InvalidValueException(detail=_("A value holds a character that can't be stored."))
