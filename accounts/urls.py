"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from accounts.views import invitations

urlpatterns: list[URLPattern | URLResolver] = [
    path("join/<str:token>/", invitations.join, name="join"),
]
