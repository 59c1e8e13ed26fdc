"""Addresses of the demonstration."""

from django.urls import URLPattern, URLResolver, path

from . import views
from .styleguide import styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.sign_in, name="demo_sign_in"),
    path("clock/", views.move_clock, name="demo_clock"),
    path("mail/", views.mail, name="demo_mail"),
    path("mail/<str:name>/", views.one_mail, name="demo_mail_one"),
    path("mail/<str:name>/html/", views.one_mail_as_html, name="demo_mail_html"),
    path("styleguide/", styleguide, name="styleguide"),
]
