"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from incentives_portal.core import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", views.health, name="health"),
    path("live", views.live, name="live"),
    path("metrics", views.metrics_page, name="metrics"),
]
