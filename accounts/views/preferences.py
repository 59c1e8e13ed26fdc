"""Which partner the pages speak for (rule ACC-6), and in which language."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, for_any_partner, signed_in
from accounts.coming_back import own_page
from accounts.models import User
from accounts.speaking import speak_for

YEAR = 365 * 24 * 3600


@for_any_partner
@require_POST
@signed_in
def switch_partner(request: PortalRequest) -> HttpResponse:
    """From here on the pages speak for another partner of this person. Anybody else's partner answers 404 (rule ACC-8).

    Leads to `next`, where a page of that partner was asked for, else home: the page that was open belongs to the other one.
    """
    chosen = next((partner for partner in request.actor.partners if str(partner.pk) == request.POST.get("partner")), None)
    if chosen is None:
        raise Http404
    speak_for(request, chosen)
    return redirect(own_page(request, request.POST.get("next", "")) or settings.LOGIN_REDIRECT_URL)


@for_any_partner
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The language of the pages and, signed in, of the person's mails too. Leads back to `next`."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest(_("There is no such language."))
    response = redirect(own_page(request, request.POST.get("next", "")) or "/")
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
    )
    return response
