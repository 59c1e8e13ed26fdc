"""What the portal says of its own SCIM: what it can do, which resources it has, how they look. And what it hasn't."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    ForbiddenException,
    ListResponse,
    Meta,
    NotFoundException,
    NotImplementedException,
    Patch,
    Reference,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
)

from accounts.scim import answers
from accounts.scim.bearer import ScimRequest, bearer
from accounts.scim.resources import Group, User

KINDS: tuple[type[Resource[Any]], ...] = (User, Group)


def _config() -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=answers.MOST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token that a global admin makes in the portal, or create_scim_token on the server.",
                spec_uri=Reference("https://www.rfc-editor.org/info/rfc6750"),
                primary=True,
            )
        ],
        meta=Meta(resource_type="ServiceProviderConfig", location=f"{answers.base()}/ServiceProviderConfig"),
    )


def _resource_types() -> dict[str, ResourceType]:
    found = [ResourceType.from_resource(kind) for kind in KINDS]
    for one in found:
        one.meta = Meta(resource_type="ResourceType", location=f"{answers.base()}/ResourceTypes/{one.id}")
    return {str(one.id): one for one in found}


def _schemas() -> dict[str, Schema]:
    found = [kind.to_schema() for kind in KINDS]
    for one in found:
        one.meta = Meta(resource_type="Schema", location=f"{answers.base()}/Schemas/{one.id}")
    return {str(one.id): one for one in found}


def _all(request: ScimRequest, kind: type[Resource[Any]], found: dict[str, Any]) -> HttpResponse:
    if "filter" in request.GET:
        raise ForbiddenException(detail=_("What the service says of itself can't be filtered."))
    listed = list(found.values())
    answer = ListResponse[kind](total_results=len(listed), start_index=1, items_per_page=len(listed), resources=listed)  # type: ignore[valid-type]
    return answers.resource(request, answer, context=Context.RESOURCE_QUERY_RESPONSE)


def _one(request: ScimRequest, found: dict[str, Any], name: str) -> HttpResponse:
    if name not in found:
        raise NotFoundException(detail=_("There is nothing at this address."))
    return answers.resource(request, found[name], context=Context.RESOURCE_QUERY_RESPONSE)


def _nothing(request: ScimRequest, **path: str) -> HttpResponse:
    raise NotFoundException(detail=_("There is nothing at this address."))


def _unsupported(request: ScimRequest, **path: str) -> HttpResponse:
    raise NotImplementedException(detail=_("The portal does not support this; its ServiceProviderConfig says what it does."))


config = bearer(get=lambda request: answers.resource(request, _config(), context=Context.RESOURCE_QUERY_RESPONSE))
resource_types = bearer(get=lambda request: _all(request, ResourceType, _resource_types()))
resource_type = bearer(get=lambda request, name: _one(request, _resource_types(), name))
schemas = bearer(get=lambda request: _all(request, Schema, _schemas()))
schema = bearer(get=lambda request, name: _one(request, _schemas(), name))
VERBS = ("get", "post", "put", "patch", "delete")
refusing: dict[str, Any] = dict.fromkeys(VERBS, _unsupported)
finding_nothing: dict[str, Any] = dict.fromkeys(VERBS, _nothing)
unsupported = bearer(**refusing)
nothing = bearer(**finding_nothing)
