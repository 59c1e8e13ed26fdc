"""What mails link to may belong to another of the reader's partners than the one they speak for (rules ACC-6, ACC-8)."""

import uuid
from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from accounts.access import PortalRequest
from accounts.actor import actor_for
from accounts.middleware import THROUGH_KEY
from accounts.models import Partner
from accounts.policy import NotAllowedError
from enrollment.policy import visible_to
from incentives_portal.core import wall

View = Callable[[PortalRequest, uuid.UUID], HttpResponseBase]


def or_at_another_partner(view: View) -> View:
    """Where a page of an enrollment is not to be seen for the partner spoken for, but for another one of this person: a page that
    says so and offers to switch. Anybody else's enrollment stays what it was, a 404 (or 403).
    """

    @wraps(view)
    def looked_up(request: PortalRequest, pk: uuid.UUID) -> HttpResponseBase:
        try:
            return view(request, pk)
        except (Http404, NotAllowedError):
            partner = _partner_showing(request, pk)
            if partner is None:
                raise
            return _offer(request, partner)

    return looked_up


def _partner_showing(request: PortalRequest, pk: uuid.UUID) -> Partner | None:
    """The one of this person's other partners for which they would see the enrollment, in this session."""
    through = request.session.get(THROUGH_KEY, "")
    for partner in request.actor.partners:
        if partner == request.actor.partner:
            continue
        with wall.looking(partner.pk):
            if visible_to(actor_for(request.user, partner.pk, through=through)).filter(pk=pk).exists():
                return partner
    return None


def _offer(request: PortalRequest, partner: Partner) -> HttpResponse:
    """409, not 200: this is not the page that was asked for, and it would be, once the session speaks for the other partner."""
    context = {"belongs_to": partner, "next": request.get_full_path()}
    response = render(request, "enrollment/at_another_partner.html", context, status=409)
    add_never_cache_headers(response)
    return response
