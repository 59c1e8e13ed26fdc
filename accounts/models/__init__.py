"""Partners and their locations, users, memberships, roles, team invitations."""

from .directories import Directory, DirectoryGroup, DirectoryPerson, GroupMapping, MailDomain, ScimToken
from .former_addresses import FormerAddress
from .partners import Location, Partner
from .requests import RoleRequest
from .roles import FormerRoleLocation, Membership, OperatorAssignment, Origin, RoleAssignment, RoleLocation
from .team import TeamInvitation
from .users import User

__all__ = [
    "Directory",
    "DirectoryGroup",
    "DirectoryPerson",
    "FormerAddress",
    "FormerRoleLocation",
    "GroupMapping",
    "Location",
    "MailDomain",
    "Membership",
    "OperatorAssignment",
    "Origin",
    "Partner",
    "RoleAssignment",
    "RoleLocation",
    "RoleRequest",
    "ScimToken",
    "TeamInvitation",
    "User",
]
