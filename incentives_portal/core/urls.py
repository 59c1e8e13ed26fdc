"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from incentives_portal.core import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", views.health, name="health"),
]
