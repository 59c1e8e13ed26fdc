"""The operator's own people. They are made from the command line, never by somebody of a partner."""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import OperatorAssignment, User
from incentives_portal.core import audit

SUPERUSER = "superuser"


@transaction.atomic
def make_operator(*, email: str, role: str, name: str = "", language: str = "en", password: str | None, by: Any) -> User:
    """Gives an operator's role (or all of Django admin: `superuser`) to the person at `email`, who is created where unknown.

    Raises ValidationError where the person belongs to a partner: nobody decides on their own request.
    """
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        person = User.objects.create_user(email, password, name=name or email, language=language)
        # The operator's own word proves the address.
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    elif person.memberships.filter(removed_at=None).exists():
        raise ValidationError(_("This person belongs to a partner. The operator's people need an address of their own."))
    if role == SUPERUSER:
        person.is_staff = person.is_superuser = True
        person.save(update_fields=["is_staff", "is_superuser"])
    else:
        OperatorAssignment.objects.get_or_create(user=person, role=role)
    audit.record("operator_role_assigned", person, by=by, after={"person": person.email, "role": role})
    return person
