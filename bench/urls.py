"""What the portal's pages are measured against: the least that any view does, and the least that a signed-in one does."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.models import Location
from incentives_portal.urls import handler403 as handler403
from incentives_portal.urls import urlpatterns as portals_own


def bare(request: HttpRequest) -> HttpResponse:
    """Nothing asked, nothing said."""
    return HttpResponse()


def signed_in(request: HttpRequest) -> HttpResponse:
    """The session, the user and one row by its key; an empty body."""
    assert request.user.is_authenticated
    Location.objects.get(pk=request.GET["location"])
    return HttpResponse()


urlpatterns = [path("bench/bare/", bare), path("bench/signed-in/", signed_in), *portals_own]
