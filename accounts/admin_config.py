"""Puts our admin site in the place of Django's own. A module of its own, because it loads before any model can."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Every app's `@admin.register` meets our site."""

    default_site = "accounts.admin_site.PortalAdminSite"
