"""The link *this wasn't me* in a mail about changed bank details (rule PAY-5): signed, for one change and one person."""

import datetime as dt
import uuid

from django.core import signing

from accounts.models import User
from incentives_portal.core import clock, wall
from profiles.errors import AlarmLinkError
from profiles.models import PayoutProfileVersion

LINK_LIFETIME = dt.timedelta(days=30)
_signer = signing.Signer(salt="bank-change-alarm")


def token_for(version: PayoutProfileVersion, user: User) -> str:
    """What the link in `user`'s mail about `version` carries: signed, and of no use for anything else."""
    return _signer.sign_object([str(version.pk), str(user.pk)])


def read(token: str) -> tuple[PayoutProfileVersion, User]:
    """The change that a link is about, and whose mail it stood in. Raises AlarmLinkError, in words for its holder."""
    try:
        version_id, user_id = (uuid.UUID(part) for part in _signer.unsign_object(token))
        with wall.looking(wall.EVERYTHING):  # the link says which partner's, not who asks
            version = PayoutProfileVersion.objects.select_related("profile__partner", "created_by").get(pk=version_id)
        user = User.objects.get(pk=user_id)
    except (signing.BadSignature, ValueError, TypeError, PayoutProfileVersion.DoesNotExist, User.DoesNotExist):
        raise AlarmLinkError from None
    # A profile that took another's place may be old.
    since = max(version.created_at, version.profile.took_place_at or version.created_at)
    if since < clock.now() - LINK_LIFETIME:
        raise AlarmLinkError
    return version, user
