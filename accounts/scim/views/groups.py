"""/Groups: the groups that the token's directory provisions. Mappings make roles of them."""

import uuid
from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from scim2_models import Context, NotFoundException, PatchOp

from accounts.models import DirectoryGroup
from accounts.scim import answers, translation
from accounts.scim.bearer import ScimRequest, bearer, body_of
from accounts.scim.conditions import is_known, require_unchanged
from accounts.scim.filters import groups_where
from accounts.scim.member_patches import split
from accounts.scim.resources import Group
from accounts.services import provisioned_groups
from accounts.services.directory_roles import act_as
from accounts.services.provisioned_groups import SaidOfGroup
from accounts.services.provisioned_people import hold


def _rows(request: ScimRequest) -> QuerySet[DirectoryGroup]:
    return DirectoryGroup.objects.filter(directory=request.directory).select_related("directory__partner")


def _group(request: ScimRequest, group_id: str) -> DirectoryGroup:
    """A group of this directory. Another partner's doesn't exist (rule ACC-8)."""
    try:
        row = _rows(request).filter(pk=uuid.UUID(group_id)).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFoundException(detail=_("There is no such group."))
    return row


def _members(rows: Sequence[DirectoryGroup]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The ids of the members of each group, in one query."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {row.pk: [] for row in rows}
    through = DirectoryGroup.members.through.objects.filter(directorygroup__in=rows).order_by("pk")
    for group_id, person_id in through.values_list("directorygroup_id", "directoryperson_id"):
        found[group_id].append(person_id)
    return found


def _resource(row: DirectoryGroup, *, with_members: bool = True) -> Group:
    return translation.group_of(row, _members([row])[row.pk] if with_members else (), answers.base())


def _list(request: ScimRequest) -> HttpResponse:
    """The groups, or those that `filter` describes. Without members, where the asker leaves them out, it is cheap."""
    rows = _rows(request)
    if text := request.GET.get("filter", ""):
        rows = rows.filter(groups_where(text))

    def build(found: Sequence[DirectoryGroup]) -> list[Group]:
        members = _members(found) if answers.is_wanted(request, "members") else {}
        return [translation.group_of(row, members.get(row.pk, ()), answers.base()) for row in found]

    return answers.page(request, rows.order_by("created_at", "pk"), Group, build)


def _create(request: ScimRequest) -> HttpResponse:
    answers.shown(request, Group)  # a wrong wish is refused before anything is written
    sent = Group.model_validate(body_of(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    directory = request.directory
    row = provisioned_groups.create(directory=directory, said=translation.said_of_group(sent), by=act_as(directory))
    row.refresh_from_db()
    return answers.resource(request, _resource(row), context=Context.RESOURCE_CREATION_RESPONSE, status=201)


def _show(request: ScimRequest, group_id: str) -> HttpResponse:
    row = _group(request, group_id)
    if is_known(request, translation.tag(row)):
        return answers.nothing(304, translation.tag(row))
    shown = _resource(row, with_members=answers.is_wanted(request, "members"))
    return answers.resource(request, shown, context=Context.RESOURCE_QUERY_RESPONSE)


def _replace(request: ScimRequest, group_id: str) -> HttpResponse:
    answers.shown(request, Group)
    sent = Group.model_validate(body_of(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
    row = _change(request, group_id, lambda row: translation.said_of_group(sent))
    return answers.resource(request, _resource(row), context=Context.RESOURCE_REPLACEMENT_RESPONSE)


def _patch(request: ScimRequest, group_id: str) -> HttpResponse:
    """Answers without a body: a group of thousands isn't sent back because one person joined it."""
    answers.shown(request, Group)
    body = body_of(request)
    body["Operations"] = translation.spread(body.get("Operations"))
    patch = PatchOp[Group].model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST)
    return answers.nothing(204, translation.tag(_change(request, group_id, lambda row: _patched(row, patch))))


def _patched(row: DirectoryGroup, patch: "PatchOp[Group]") -> SaidOfGroup:
    """What the patch makes of a group; its members are read only where the patch can't be told without them."""
    parts = split(patch.operations or [])
    group = _resource(row, with_members=parts is None)
    if parts is None:
        patch.patch(group)
        return translation.said_of_group(group)
    others, members = parts
    if others:
        patch.model_copy(update={"operations": others}).patch(group)
    return translation.said_of_group(group, members)


def _change(request: ScimRequest, group_id: str, said: Callable[[DirectoryGroup], SaidOfGroup]) -> DirectoryGroup:
    """Reads, checks the tag and writes under one lock, so that no change is lost between."""
    with transaction.atomic():
        hold(request.directory)
        row = _group(request, group_id)
        require_unchanged(request, translation.tag(row))
        return provisioned_groups.change(group=row, said=said(row), by=act_as(request.directory))


def _delete(request: ScimRequest, group_id: str) -> HttpResponse:
    with transaction.atomic():
        hold(request.directory)
        row = _group(request, group_id)
        require_unchanged(request, translation.tag(row))
        provisioned_groups.delete(group=row, by=act_as(request.directory))
    return answers.nothing()


groups = bearer(get=_list, post=_create)
group = bearer(get=_show, put=_replace, patch=_patch, delete=_delete)
