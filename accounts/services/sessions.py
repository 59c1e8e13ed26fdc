"""The list of somebody's sessions, and ending them."""

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from accounts.models import User


def keep_in_list(request: HttpRequest) -> None:
    """Puts the session into its person's list. Django's `login` announces nothing to allauth, which does this for a password."""
    UserSession.objects.purge_and_list(request.user)
    UserSession.objects.create_from_request(request)


@transaction.atomic
def end_all(person: User) -> None:
    """Signs `person` out everywhere: whatever session they have, their next request is nobody's (rule ACC-5).

    The generation alone does it, for sessions too that are being opened at this moment; the rows go so that no list shows them.
    """
    User.objects.filter(pk=person.pk).update(session_generation=F("session_generation") + 1)
    for session in UserSession.objects.filter(user=person):
        session.end()
    person.refresh_from_db(fields=["session_generation"])
