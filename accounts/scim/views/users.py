"""/Users: the people whom the token's directory provisions, and nobody else."""

import uuid
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from scim2_models import Context, NotFoundException, PatchOp

from accounts.models import DirectoryPerson
from accounts.scim import answers, translation
from accounts.scim.bearer import PERSON_BYTES, ScimRequest, bearer, body_of
from accounts.scim.conditions import is_known, require_unchanged
from accounts.scim.filters import people_where
from accounts.scim.resources import User
from accounts.services import provisioned_people
from accounts.services.directory_roles import act_as


def _rows(request: ScimRequest) -> QuerySet[DirectoryPerson]:
    rows = DirectoryPerson.objects.filter(directory=request.directory, is_provisioned=True)
    return rows.select_related("directory__partner", "membership__user", "membership__partner")


def _person(request: ScimRequest, user_id: str) -> DirectoryPerson:
    """A person of this directory. Another partner's doesn't exist (rule ACC-8)."""
    try:
        row = _rows(request).filter(pk=uuid.UUID(user_id)).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFoundException(detail=_("There is no such user."))
    return row


def _list(request: ScimRequest) -> HttpResponse:
    """The people, or those whom `filter` describes, in the order in which they came."""
    rows = _rows(request)
    if text := request.GET.get("filter", ""):
        rows = rows.filter(people_where(text))
    rows = rows.prefetch_related("groups").order_by("created_at", "pk")
    return answers.page(request, rows, User, lambda found: [translation.user_of(row, answers.base()) for row in found])


def _create(request: ScimRequest) -> HttpResponse:
    answers.shown(request, User)  # a wrong wish is refused before anything is written
    sent = User.model_validate(body_of(request, limit=PERSON_BYTES), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    directory = request.directory
    row = provisioned_people.provision(directory=directory, said=translation.said_of(sent), by=act_as(directory))
    row.refresh_from_db()
    user = translation.user_of(row, answers.base())
    return answers.resource(request, user, context=Context.RESOURCE_CREATION_RESPONSE, status=201)


def _show(request: ScimRequest, user_id: str) -> HttpResponse:
    row = _person(request, user_id)
    if is_known(request, translation.tag(row)):
        return answers.nothing(304, translation.tag(row))
    return answers.resource(request, translation.user_of(row, answers.base()), context=Context.RESOURCE_QUERY_RESPONSE)


def _replace(request: ScimRequest, user_id: str) -> HttpResponse:
    answers.shown(request, User)
    sent = User.model_validate(body_of(request, limit=PERSON_BYTES), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    return _change(request, user_id, lambda user: sent, Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch(request: ScimRequest, user_id: str) -> HttpResponse:
    answers.shown(request, User)
    body = body_of(request, limit=PERSON_BYTES)
    body["Operations"] = translation.spread(body.get("Operations"))
    patch = PatchOp[User].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST)

    def patched(user: User) -> User:
        patch.patch(user)
        return user

    return _change(request, user_id, patched, Context.RESOURCE_PATCH_RESPONSE)


def _change(request: ScimRequest, user_id: str, changed: Callable[[User], User], context: Context) -> HttpResponse:
    """Reads, checks the tag and writes under one lock, so that no change is lost between."""
    with transaction.atomic():
        provisioned_people.hold(request.directory)
        row = _person(request, user_id)
        require_unchanged(request, translation.tag(row))
        said = translation.said_of(changed(translation.user_of(row, answers.base())))
        provisioned_people.change(person=row, said=said, by=act_as(request.directory))
        row.refresh_from_db()
        user = translation.user_of(row, answers.base())
    return answers.resource(request, user, context=context)


def _delete(request: ScimRequest, user_id: str) -> HttpResponse:
    with transaction.atomic():
        provisioned_people.hold(request.directory)
        row = _person(request, user_id)
        require_unchanged(request, translation.tag(row))
        provisioned_people.deprovision(person=row, by=act_as(request.directory))
    return answers.nothing()


users = bearer(get=_list, post=_create)
user = bearer(get=_show, put=_replace, patch=_patch, delete=_delete)
