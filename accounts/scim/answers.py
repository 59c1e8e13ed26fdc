"""Answers of /scim/v2: a resource, a page of them, or nothing but a status."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from scim2_models import Context, InvalidValueException, ListResponse, Resource, ResponseParameters

from accounts.scim.bearer import CONTENT_TYPE

M = TypeVar("M", bound=Model)
MOST = 200


def base() -> str:
    """The address below which resources live. Never the Host header: that is whatever the asker says."""
    return f"{settings.PORTAL_URL}/scim/v2"


def shown(request: HttpRequest, kind: type[Resource[Any]]) -> "ResponseParameters[Any]":
    """Which attributes were asked for, or not wanted. Raises ValidationError where both are said, or a name is none."""
    asked = {name: request.GET[name] for name in ("attributes", "excludedAttributes") if name in request.GET}
    parameters: ResponseParameters[Any] = ResponseParameters[kind].model_validate(asked)  # type: ignore[valid-type]
    return parameters


def is_wanted(request: HttpRequest, name: str) -> bool:
    """Whether an attribute that is costly to read will be shown."""
    asked, unwanted = (request.GET.get(key, "").lower() for key in ("attributes", "excludedAttributes"))
    named = [part.strip().rpartition(":")[2].partition(".")[0] for part in asked.split(",") if part.strip()]
    return name not in [part.strip().rpartition(":")[2] for part in unwanted.split(",")] and (not named or name in named)


def resource(request: HttpRequest, one: Resource[Any], *, context: Context, status: int = 200) -> HttpResponse:
    """One resource with its tag, and its address where it is new."""
    body = one.model_dump(scim_ctx=context, response_parameters=shown(request, type(one)))
    response = HttpResponse(json.dumps(body), content_type=CONTENT_TYPE, status=status)
    meta = getattr(one, "meta", None)  # a list has none
    if meta and meta.version:
        response.headers["ETag"] = meta.version
    if meta and meta.location:
        response.headers["Location" if status == 201 else "Content-Location"] = str(meta.location)
    return response


def nothing(status: int = 204, tag: str = "") -> HttpResponse:
    """No body: deleted, unchanged, or done."""
    return HttpResponse(status=status, headers={"ETag": tag} if tag else {})


def page(
    request: HttpRequest, rows: QuerySet[M], kind: type[Resource[Any]], build: Callable[[Sequence[M]], list[Any]]
) -> HttpResponse:
    """Some of the rows, by `startIndex` and `count` (RFC 7644 section 3.4.2.4)."""
    start = max(_whole(request, "startIndex", 1), 1)
    count = min(max(_whole(request, "count", MOST), 0), MOST)
    total = rows.count()
    found = build(list(rows[start - 1 : start - 1 + count])) if count and start <= total else []
    answer = ListResponse[kind](total_results=total, start_index=start, items_per_page=len(found), resources=found)  # type: ignore[valid-type]
    body = answer.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=shown(request, kind))
    return HttpResponse(json.dumps(body), content_type=CONTENT_TYPE)


def _whole(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return otherwise
    try:
        return max(min(int(text), 2**31), -1)
    except ValueError:
        raise InvalidValueException(detail=_("%(name)s is not a whole number.") % {"name": name}) from None
