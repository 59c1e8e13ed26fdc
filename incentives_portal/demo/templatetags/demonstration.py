"""What the demonstration's bar and sign-in page show."""

import datetime as dt
from typing import Any

from django import template

from incentives_portal.core import clock
from incentives_portal.demo import authenticator_app
from incentives_portal.demo.cast import CAST, Figure

register = template.Library()


@register.simple_tag
def portal_time() -> dt.datetime:
    """What the portal's clock reads."""
    return clock.now()


@register.simple_tag
def cast() -> tuple[Figure, ...]:
    """Everybody to sign in as."""
    return CAST


@register.simple_tag
def code_of(person: Any) -> authenticator_app.Code | None:
    """What this person's authenticator app shows."""
    return authenticator_app.code_of(person)


@register.simple_tag
def code_of_secret(secret: str) -> authenticator_app.Code:
    """What an app shows that has just been given this secret."""
    return authenticator_app.code_of_secret(secret)
