"""Addresses of this app."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path


def _x(request: HttpRequest, pk: object) -> HttpResponse:
    raise NotImplementedError


urlpatterns: list[URLPattern | URLResolver] = [
    path("profiles/payout/<uuid:pk>/edit/", _x, name="payout_edit"),
    path("profiles/tax/<uuid:pk>/edit/", _x, name="tax_edit"),
    path("reviews/<uuid:pk>/", _x, name="review"),
]
