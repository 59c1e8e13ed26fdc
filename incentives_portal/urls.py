"""Where the addresses of the portal begin; each app names its own below."""

from allauth.account.views import email
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe

urlpatterns: list[URLPattern | URLResolver] = [
    # First, as what is asked for most stands here, and every address before it is tried in vain.
    path("", include("enrollment.urls")),
    # A person's address is what invitations are bound to and the operator knows them by: shown, never added to or changed.
    path("accounts/email/", require_safe(email), name="account_email"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("incentives_portal.core.urls")),
    path("", include("accounts.urls")),
    path("", include("profiles.urls")),
]
if settings.DEMO or settings.TESTING:
    urlpatterns.append(path("demo/", include("incentives_portal.demo.urls")))

# Says who can do what the actor may not (rule ACC-7).
handler403 = "accounts.views.denied.handler403"
