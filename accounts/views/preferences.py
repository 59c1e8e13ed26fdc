"""Which partner the pages speak for (rule ACC-6), and in which language."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, signed_in
from accounts.coming_back import own_page
from accounts.middleware import PARTNER_KEY
from accounts.models import User

YEAR = 365 * 24 * 3600


@require_POST
@signed_in
def switch_partner(request: PortalRequest) -> HttpResponse:
    """From here on the pages speak for another partner of this person. Anybody else's partner answers 404 (rule ACC-8)."""
    chosen = next((partner for partner in request.actor.partners if str(partner.pk) == request.POST.get("partner")), None)
    if chosen is None:
        raise Http404
    request.session[PARTNER_KEY] = str(chosen.pk)
    messages.info(request, _("The pages speak for %(partner)s now.") % {"partner": chosen})
    # Home, not back: the page that was open belongs to the other partner.
    return redirect(settings.LOGIN_REDIRECT_URL)


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
