import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, allowed, fresh_second_factor
from accounts.policy import get_or_404
from accounts.roles import Permission
from profiles import policy
from profiles.errors import ArchivedError, FrozenError
from profiles.fields import labels_of
from profiles.models import PayoutProfile
from profiles.services.revealing import reveal


@require_POST
@never_cache
@sensitive_variables()
@allowed(Permission.EDIT_PROFILES)
@fresh_second_factor
def payout_reveal(request: PortalRequest, pk: uuid.UUID) -> HttpResponse:
    """Shows the full numbers once, in the answer to a POST, after a fresh second factor (rules PAY-3, ACC-9)."""
    profile = get_or_404(policy.payouts_visible_to(request.actor), pk=pk)
    policy.require_edit_payout(request.actor, profile)
    return _shown(request, profile)


@sensitive_variables()
def _shown(request: PortalRequest, profile: PayoutProfile) -> HttpResponse:
    try:
        numbers = reveal(profile=profile, by=request.user)
    except (ArchivedError, FrozenError) as refused:
        messages.error(request, str(refused))
        return redirect("payout", profile.pk)
    assert profile.latest is not None
    labels = labels_of(profile.latest)
    context = {"profile": profile, "numbers": [(labels.get(kind, kind), number) for kind, number in numbers.items()]}
    return render(request, "profiles/payout_numbers.html", context)
