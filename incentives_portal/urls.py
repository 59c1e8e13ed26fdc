"""Where the addresses of the portal begin; each app names its own below."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("incentives_portal.core.urls")),
    path("", include("accounts.urls")),
    path("", include("profiles.urls")),
    path("", include("enrollment.urls")),
]
if settings.DEMO or settings.TESTING:
    urlpatterns.append(path("demo/", include("incentives_portal.demo.urls")))

# Says who can do what the actor may not (rule ACC-7).
handler403 = "accounts.views.denied.handler403"
