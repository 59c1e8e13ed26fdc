import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow


class UserManager(BaseUserManager["User"]):
    """Creates users; addresses are kept in lower case, so that one person is one row."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do stands in their memberships and roles, not here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    is_active = models.BooleanField(_("active"), default=True)
    # Django sets it for superusers and asks for it in places of its own; nothing here opens by it (accounts/admin_site.py).
    is_staff = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=DatabaseNow())
    # Part of what a session must know: one more, and every session of this person has ended (`services.sessions`).
    session_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name", "email"]
        # Lower case alone, so that unique means one person per address.
        constraints = [models.CheckConstraint(name="user_address_in_lower_case", condition=models.Q(email=Lower("email")))]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django keeps this in each session and asks at every request whether it still holds."""
        known: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{known}{self.session_generation}" if self.session_generation else known

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
