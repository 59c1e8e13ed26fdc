"""Partners and their locations, users, memberships, roles, team invitations."""

from .partners import Location, Partner
from .roles import Membership, OperatorAssignment, RoleAssignment, RoleLocation
from .team import TeamInvitation
from .users import User

__all__ = [
    "Location",
    "Membership",
    "OperatorAssignment",
    "Partner",
    "RoleAssignment",
    "RoleLocation",
    "TeamInvitation",
    "User",
]
