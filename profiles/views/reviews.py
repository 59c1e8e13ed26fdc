import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, allowed
from accounts.policy import get_or_404
from accounts.roles import Permission
from incentives_portal.core import clock
from profiles import policy
from profiles.errors import DecisionError
from profiles.fields import labels_of
from profiles.forms.rejection import RejectionForm
from profiles.models import Validation
from profiles.own_requests import is_own
from profiles.queries.reviews import comparison_of, evidence_of, next_for, reasons_of, undoable_by
from profiles.services import validations
from profiles.services.cooling_off import cooling_off_until
from profiles.usage import counted, validated_anew


def _seen(request: PortalRequest, pk: uuid.UUID) -> Any:
    return get_or_404(policy.reviews_visible_to(request.actor), pk=pk)


@require_GET
@allowed(Permission.REVIEW)
def review(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """One validation with its evidence, masked. Looking at it claims and changes nothing."""
    validation = _seen(request, pk)
    return _draw(request, validation, RejectionForm(labels=labels_of(validation.version)))


def _draw(request: PortalRequest, validation: Any, form: RejectionForm) -> HttpResponse:
    rows, has_previous = comparison_of(validation)
    held = validation.claimed_until is not None and validation.claimed_until >= clock.now()
    context = {
        "validation": validation,
        "profile": validation.profile,
        "is_tax": validation.tax_version_id is not None,
        "rows": rows,
        "has_previous": has_previous,
        "evidence": evidence_of(validation),
        "documents": policy.documents_visible_to(request.actor).filter(profile=validation.profile)
        if validation.tax_version_id
        else (),
        "reasons": reasons_of(validation),
        "form": form,
        "own": is_own(validation, request.user, belongs=validation.is_of_own_partner),
        "mine": held and validation.claimed_by_id == request.user.pk,
        "held_by": validation.claimed_by if held and validation.claimed_by_id != request.user.pk else None,
        "frozen": getattr(validation.profile, "frozen_at", None),
        "cooling_off_until": cooling_off_until(validation.version),
        "first_is_mine": validation.first_approved_by_id == request.user.pk,
        "undoable": undoable_by(policy.reviews_visible_to(request.actor), request.user),
        "reach": counted(validated_anew(validation.profile)),
        "following": next_for(policy.reviews_visible_to(request.actor), request.user, besides=validation),
        "superseded": validation.profile.latest_id != validation.version.pk or validation.profile.archived_at is not None,
    }
    return render(request, "reviews/review.html", context)


def _do(request: PortalRequest, verb: Callable[..., Validation], validation: Any, done: str, **arguments: Any) -> bool:
    """Runs a service and says what came of it; a stale tab or a double click gets a sentence, too."""
    try:
        verb(validation=validation, by=request.user, **arguments)
    except DecisionError as refused:
        messages.error(request, str(refused))
        return False
    if done:
        messages.success(request, done)
    return True


def _onwards(request: PortalRequest, validation: Validation) -> HttpResponse:
    """To the next one that waits for this reviewer, or back to the queue."""
    following = next_for(policy.reviews_visible_to(request.actor), request.user, besides=validation)
    return redirect("review", following.pk) if following else redirect("reviews")


@require_POST
@allowed(Permission.REVIEW)
def review_claim(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Takes a validation for 15 minutes, or gives it back."""
    validation = _seen(request, pk)
    if "release" in request.POST:
        _do(request, validations.release, validation, _("You have given this validation back."))
    else:
        _do(request, validations.claim, validation, _("This validation is yours for 15 minutes."))
    return redirect("review", pk)


@require_POST
@allowed(Permission.REVIEW)
def review_approve(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Approves the version that was reviewed (rule VAL-5)."""
    validation = _seen(request, pk)
    if not _do(request, validations.approve, validation, ""):
        return redirect("review", pk)
    done = Validation.objects.filter(pk=pk).exclude(decision="").exists()
    words = (
        _("“%(name)s” is approved.")
        if done
        else _("Your approval of “%(name)s” is kept; a second reviewer has to approve it, too.")
    )
    messages.success(request, words % {"name": validation.profile.name})
    return _onwards(request, validation)


@require_POST
@allowed(Permission.REVIEW)
def review_reject(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Rejects with a coded reason per field (rule VAL-3)."""
    validation = _seen(request, pk)
    form = RejectionForm(request.POST, labels=labels_of(validation.version))
    if not form.is_valid():
        return _draw(request, validation, form)
    done = _("“%(name)s” is rejected, and its incentives admins are told why.") % {"name": validation.profile.name}
    if _do(request, validations.reject, validation, done, reasons=form.reasons):
        return _onwards(request, validation)
    validation = _seen(request, pk)
    return redirect("review", pk) if validation.decision else _draw(request, validation, form)


@require_POST
@allowed(Permission.REVIEW)
def review_undo(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Takes one's own decision back, within a minute."""
    _do(request, validations.undo, _seen(request, pk), _("Your decision is taken back, and nobody has been told of it."))
    return redirect("review", pk)
