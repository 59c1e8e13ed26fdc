"""Django admin's door (rule ACC-3): the operator's superusers see all of it, a partner's admins their own partner's people.

`is_staff` opens nothing here: a partner's global and account admins come in by the role that they hold now, and leave with it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import confirming
from accounts.actor import Actor
from accounts.coming_back import own_page
from accounts.policy import NotAllowedError
from accounts.roles import Permission

# allauth's own tables are in nobody's admin: seeds of authenticator apps and keys of sessions stand in them, and what is changed
# there by hand is in no audit log. People take care of their own, an operator of what is lost (docs/guides/operations.md).
HIDDEN_APPS = frozenset({"account", "mfa", "usersessions"})
# What a partner's admins reach, by the names of the admin's own addresses. Whatever another app registers is not among it.
PARTNERS_PAGES = frozenset({"index", "login", "logout", "jsi18n", "autocomplete", "password_change"})
PARTNERS_MODELS = ("accounts_user", "accounts_location", "accounts_roleassignment")


def is_partners_admin(actor: Actor | None) -> bool:
    """Whether the actor assigns roles at a partner: a global or account admin (section *People* of the rules)."""
    return bool(actor and actor.partner and Permission.ASSIGN_INCENTIVES_ROLES in actor.permissions)


class PortalAdminSite(AdminSite):
    """The stock admin behind the portal's own sign-in, second factor included."""

    site_title = _("Administration")
    index_title = _("Users, locations and roles")

    @property
    def site_header(self) -> str:  # type: ignore[override]
        return str(settings.PARTNER_CENTER_NAME)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """As Django's, but what allauth would register stays out."""
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        super().register([one for one in models if one._meta.app_label not in HIDDEN_APPS], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """The operator's superusers, and a partner's global and account admins by the role in force."""
        user = request.user
        admits = is_partners_admin(request.actor)  # type: ignore[attr-defined]  # asked of superusers too: it says what they see
        return bool(user.is_active and (user.is_superuser or admits))

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """As Django's, and for a partner's admins 404 on everything that is not theirs (rule ACC-8)."""

        def within_the_partner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_superuser and not _is_partners_page(request):
                raise Http404
            asked = confirming.ask(request) if _changes_something(request, view) else None
            return view(request, *args, **kwargs) if asked is None else asked

        return super().admin_view(within_the_partner, cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """As Django's, but a relation that can't be chosen from is refused and not an error."""
        try:
            return super().autocomplete_view(request)
        except AttributeError:
            raise PermissionDenied from None

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal's sign-in, with its rate limits and second factor; never a password form of the admin's own."""
        target = own_page(request, request.GET.get("next", "")) or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if not self.has_permission(request):
            raise NotAllowedError(Permission.ASSIGN_INCENTIVES_ROLES)
        return redirect(target)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The portal's own page, which tells the person by mail."""
        return redirect("account_change_password")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Every page says for which partner it speaks (rule ACC-6)."""
        context = super().each_context(request)
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if actor and actor.partner and not request.user.is_superuser:
            context["site_header"] = f"{context['site_header']} – {actor.partner}"
        return context


def _changes_something(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """A POST, or reading the form that it would come from, asks for a fresh second factor (rule ACC-9)."""
    page, verb = getattr(view, "__self__", None), getattr(view, "__name__", "").removesuffix("_view")
    if request.method == "POST":
        return verb != "logout"
    return isinstance(page, ModelAdmin) and verb in {"add", "change", "delete"} and getattr(page, f"has_{verb}_permission")(request)


def _is_partners_page(request: HttpRequest) -> bool:
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    if name in PARTNERS_PAGES:
        return True
    if name == "app_list":
        return bool(request.resolver_match and request.resolver_match.kwargs.get("app_label") == "accounts")
    return name.rpartition("_")[0] in PARTNERS_MODELS
