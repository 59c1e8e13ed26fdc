"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from incentives_portal.demo.styleguide import styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("styleguide/", styleguide, name="styleguide"),
]
