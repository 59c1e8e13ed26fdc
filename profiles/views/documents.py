"""Documents of tax profiles: uploaded beside the profile, read as attachments, removed (rule TAX-1)."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import PortalRequest, allowed, fresh_second_factor, signed_in
from accounts.policy import get_or_404, require
from accounts.roles import Permission
from profiles import policy
from profiles.documents.guarded import judge_safely
from profiles.documents.judging import LARGEST, Judged, RefusedFileError
from profiles.documents.words import refusal_in_words
from profiles.errors import ProfileError
from profiles.models import TaxDocument
from profiles.services import documents


@require_POST
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def tax_document_upload(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Keeps one or several files of a tax profile; each that isn't kept is named with the reason."""
    profile = get_or_404(policy.taxes_visible_to(request.actor), pk=pk)
    require(request.actor, Permission.EDIT_PROFILES, profile.scope)
    files = request.FILES.getlist("files")
    if not files:
        messages.error(request, _("Choose a file first."))
    judged = _judged(request, files[: documents.MOST_DOCUMENTS])
    try:
        documents.keep(profile=profile, files=judged, by=request.user)
    except ProfileError as refused:
        messages.error(request, str(refused))
    else:
        for name, _file in judged:
            messages.success(request, _("“%(name)s” is saved.") % {"name": name})
    return redirect("tax", profile.pk)


def _judged(request: PortalRequest, files: Sequence[Any]) -> list[tuple[str, Judged]]:
    """The files that can be kept, with their names as they can be shown."""
    kept = []
    for file in files:
        name = documents.plain_name(file.name or "")
        try:
            # One byte more than is kept tells a file that is too large from one that just fits.
            kept.append((name, judge_safely(file.read(LARGEST + 1))))
        except RefusedFileError as refused:
            messages.error(request, f"{name}: {refusal_in_words(refused.code)}")
    return kept


@require_POST
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def tax_document_remove(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Takes a document away."""
    document = get_or_404(policy.documents_visible_to(request.actor), pk=pk)
    require(request.actor, Permission.EDIT_PROFILES, document.profile.scope)
    try:
        documents.remove(document=document, by=request.user)
    except ProfileError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("“%(name)s” is removed.") % {"name": document.name})
    return redirect("tax", document.profile_id)


@never_cache
@require_safe
@signed_in
def tax_document(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """The document as an attachment: the browser saves it, and neither shows nor runs it."""
    document: TaxDocument = get_or_404(policy.documents_visible_to(request.actor), pk=pk)
    response = HttpResponse(documents.content_of(document, by=request.user), content_type=document.kind)
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=document.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response._csp_replace = {"default-src": ["'none'"], "sandbox": []}  # type: ignore[attr-defined]
    return response
