"""Which members and invitations an actor sees; everything else answers 404 (rule ACC-8)."""

import uuid

from accounts import policy
from accounts.access import PortalRequest
from accounts.models import Membership, Partner, TeamInvitation
from accounts.queries.people import members
from accounts.roles import Permission
from accounts.services import team_invitations


def partner_of(request: PortalRequest) -> Partner:
    """The partner that the actor speaks for; views behind a partner's permission always have one."""
    assert request.actor.partner is not None
    return request.actor.partner


def member_or_404(request: PortalRequest, membership_id: uuid.UUID) -> Membership:
    """A member of the actor's partner who has not left."""
    rows = members(partner_of(request).pk).filter(policy.within(request.actor, Permission.SEE_PEOPLE))
    return policy.get_or_404(rows, pk=membership_id)


def invitation_or_404(request: PortalRequest, invitation_id: uuid.UUID) -> TeamInvitation:
    """A pending invitation of the actor's partner."""
    rows = team_invitations.pending(partner_of(request)).filter(policy.within(request.actor, Permission.SEE_PEOPLE))
    return policy.get_or_404(rows, pk=invitation_id)
