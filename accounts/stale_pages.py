"""A page that was opened for one partner writes nothing into another (rules ACC-6, ACC-8).

Who belongs to several partners may have switched in another tab since. Their pages say for which partner they were made
(`core.speaking_for`), and what comes for another than the one spoken for now is not done: the person is told, and may switch back
and send the same once more. A partial update leads to loading the whole page again.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_variables
from django_htmx.http import HttpResponseClientRefresh, reswap, retarget

from accounts.actor import Actor
from accounts.carrying import carried
from accounts.models import Partner
from accounts.speaking import speak_for
from incentives_portal.core.speaking_for import FIELD, HEADER_IN_META

# The button that switches back and sends the same again.
AGAIN = "switch_back_to"
MARKS = (FIELD, AGAIN)
READING = {"GET", "HEAD", "OPTIONS"}
# Others' views, of how a person signs in, whichever partner they speak for. The portal's own say so (`access.for_any_partner`).
OF_SIGNING_IN = ("account_", "mfa_", "usersessions_")


class StalePagesMiddleware:
    """Refuses what a page sends that was made for another partner. Stands after all that may ask who this is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    @sensitive_variables()
    def process_view(self, request: HttpRequest, view: Any, *_arguments: Any) -> HttpResponse | None:
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        exempt = getattr(view, "for_any_partner", False) or getattr(view, "csrf_exempt", False)
        if exempt or name.startswith(OF_SIGNING_IN):
            return None
        meant = _take_marks(request)
        actor: Actor | None = request.actor if meant else None  # type: ignore[attr-defined]
        if not actor or (actor.partner and str(actor.partner.pk) == meant):
            return None
        if getattr(view, "while_typing", False):
            return HttpResponse(status=204)
        if not getattr(request, "htmx", None):
            return _ask(request, actor, meant)
        return HttpResponseClientRefresh() if request.method in READING else _in_place_of_the_page(_ask(request, actor, meant))


@sensitive_variables()
def _take_marks(request: HttpRequest) -> str:
    """The id of the partner that the page was made for, or nothing. The view gets a POST without the marks."""
    header: str = request.META.get(HEADER_IN_META, "")
    if request.method in READING or not any(mark in request.POST for mark in MARKS):
        return header
    sent = request.POST.copy()
    meant, again = sent.get(FIELD, ""), sent.get(AGAIN, "")
    for mark in MARKS:
        sent.pop(mark, None)
    request.POST = sent  # type: ignore[assignment]
    partner = _theirs(request.actor, again) if again else None  # type: ignore[attr-defined]
    if partner:
        speak_for(request, partner)
    return str(again or meant or header)


def _theirs(actor: Actor | None, partner_id: str) -> Partner | None:
    """The partner of this id, if the person may speak for it: nobody else's is named."""
    return next((partner for partner in actor.partners if str(partner.pk) == partner_id), None) if actor else None


@sensitive_variables()
def _ask(request: HttpRequest, actor: Actor, partner_id: str) -> HttpResponse:
    """Says that nothing was done, and offers to switch back and do it."""
    context = {
        "meant": _theirs(actor, partner_id),
        "again": AGAIN,
        "carried": carried(request, but={"csrfmiddlewaretoken"}),
        "has_files": bool(request.FILES),
        "address": request.get_full_path(),
    }
    response = render(request, "accounts/made_for_another_partner.html", context, status=409)
    add_never_cache_headers(response)
    return response


def _in_place_of_the_page(response: HttpResponse) -> HttpResponse:
    """htmx shows no answer that is a refusal, and would put this one where a part of the page was asked for."""
    response.status_code = 200
    return reswap(retarget(response, "body"), "innerHTML")
