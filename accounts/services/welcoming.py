"""Telling a person who came by provisioning how to sign in."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import DirectoryPerson
from incentives_portal.core import outbox


def tell_how_to_sign_in(person: DirectoryPerson) -> None:
    """Owes one mail with a link to choose a password. None where the directory signs people in, or they have a password."""
    user = person.membership.user
    if person.directory.is_sign_in_on or user.has_usable_password():
        return
    key = [user_pk_to_url_str(user), default_token_generator.make_token(user)]
    context = {
        "partner": person.directory.partner,
        "path": reverse("account_reset_password_from_key", args=key),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86400,
    }
    outbox.owe("provisioned", to=user, key=f"provisioned:{person.pk}", context=context, is_secret=True)
