"""Going on for another of one's partners (rule ACC-6)."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.middleware import PARTNER_KEY, find_actor
from accounts.models import Partner
from incentives_portal.core import wall


def speak_for(request: HttpRequest, partner: Partner) -> None:
    """From here on, in this request already, the person speaks for this one of their partners."""
    request.session[PARTNER_KEY] = str(partner.pk)
    wall.look(wall.NOTHING)
    find_actor(request)
    messages.info(request, _("The pages speak for %(partner)s now.") % {"partner": partner})
