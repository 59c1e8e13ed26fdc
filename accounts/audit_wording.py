"""What the acts of this floor are called in the audit log."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.roles import OperatorRole, PartnerRole
from incentives_portal.core.audit_wording import announce, announce_facts, choice

SECOND_FACTORS = {"totp": _("Authenticator app"), "recovery_codes": _("Recovery codes"), "webauthn": _("Passkey")}
METHODS = {
    "password": _("Password"),
    "mfa": _("Second factor"),
    "directory": _("Single sign-on"),
    "directory_second_factor": _("Second factor at the company's provider"),
    "password_reset": _("Password reset"),
    "code": _("Code by mail"),
    **SECOND_FACTORS,
}

announce(
    "people",
    _("People and roles"),
    {
        "member_added": _("%(person)s became a member"),
        "member_suspended": _("%(person)s was suspended"),
        "member_restored": _("The suspension of %(person)s was taken back"),
        "member_removed": _("%(person)s was removed"),
        "role_assigned": _("%(person)s got the role %(role)s"),
        "role_changed": _("The role %(role)s of %(person)s was changed"),
        "role_ended": _("The role %(role)s of %(person)s ended"),
        "role_kept": _("The role %(role)s of %(thing)s stayed, although the directory takes it: %(reason)s"),
        "role_requested": _("%(person)s asked for the role %(role)s"),
        "role_request_granted": _("%(person)s got the role %(role)s that they asked for"),
        "role_request_declined": _("%(person)s didn't get the role %(role)s that they asked for"),
        "role_request_withdrawn": _("%(person)s took back their question for the role %(role)s"),
        "team_invitation_sent": _("%(email)s was invited as %(role)s"),
        "team_invitation_withdrawn": _("The invitation to %(email)s was withdrawn"),
        "team_invitation_accepted": _("%(email)s accepted the invitation as %(role)s"),
        "user_changed": _("The account of %(thing)s was changed"),
        "operator_role_assigned": _("%(person)s became %(role)s at the operator"),
        "operator_role_ended": _("%(person)s is no longer %(role)s at the operator"),
    },
    things=(
        "accounts.membership",
        "accounts.roleassignment",
        "accounts.rolerequest",
        "accounts.teaminvitation",
        "accounts.user",
    ),
)
announce(
    "sign_in",
    _("Signing in"),
    {
        "signed_in": _("%(person)s signed in"),
        "sign_in_blocked": _("Signing in as %(person)s was blocked for a while: too many wrong passwords"),
        "second_factor_failed": _("Somebody with the password of %(person)s gave a wrong second factor"),
        "second_factor_added": _("%(person)s added a second factor: %(kind)s"),
        "second_factor_removed": _("%(person)s removed a second factor: %(kind)s"),
        "second_factor_renewed": _("%(person)s renewed a second factor: %(kind)s"),
        "password_changed": _("%(person)s changed the password"),
        "password_reset": _("%(person)s set a new password by mail"),
        "sessions_ended": _("%(person)s ended sessions"),
        "session_ended": _("%(thing)s ended a session"),
        "sign_in_refused": _("Single sign-on was refused to %(person)s: %(reason)s"),
    },
)
announce(
    "directory",
    _("Single sign-on and provisioning"),
    {
        "directory_begun": _("Setting up the directory began"),
        "sign_in_connected": _("The identity provider was connected or changed"),
        "sign_in_switched": _("Single sign-on was turned on or off, or is required now or no longer"),
        "sign_in_forgotten": _("%(person)s can sign in under a new account of the directory"),
        "mail_domain_added": _("The mail domain %(domain)s was added"),
        "mail_domain_proven": _("The mail domain %(domain)s was proven"),
        "mail_domain_removed": _("The mail domain %(domain)s was removed"),
        "group_mapping_saved": _("The mapping %(thing)s was saved"),
        "group_mapping_removed": _("The mapping %(thing)s was removed"),
        "groups_kept": _("The groups of %(thing)s stayed: %(reason)s"),
        "scim_token_created": _("The provisioning token %(name)s was created"),
        "scim_token_rotated": _("The provisioning token %(name)s was replaced by a new one"),
        "scim_token_revoked": _("The provisioning token %(name)s was revoked"),
        "person_provisioned": _("The directory provisioned %(person)s"),
        "provisioned_person_changed": _("The directory changed %(person)s"),
        "person_deprovisioned": _("The directory took %(person)s away"),
        "directory_group_created": _("The directory provisioned the group %(name)s"),
        "directory_group_changed": _("The directory changed the group %(name)s"),
        "directory_group_deleted": _("The directory took the group %(name)s away"),
        "directory_group_members_changed": _("The directory changed who is in the group %(thing)s"),
    },
)
announce(
    "exports",
    _("Exports"),
    {
        "audit_exported": _("The audit log was exported"),
        "roles_exported": _("The roles as of %(on)s were exported"),
    },
)
announce_facts(
    {
        "person": _("Person"),
        "email": _("E-mail address"),
        "name": _("Name"),
        "language": _("Language"),
        "is_active": _("Active"),
        "is_superuser": _("Superuser"),
        "role": _("Role"),
        "roles": _("Roles"),
        "entire_organization": _("Entire organization"),
        "locations": _("Locations"),
        "programs": _("Programs"),
        "expires_on": _("Expires"),
        "kind": _("Kind"),
        "methods": _("Signed in with"),
        "sessions": _("Sessions"),
        "rows": _("Rows"),
        "on": _("Day"),
        "from": _("From"),
        "to": _("To"),
        "text": _("Text"),
        "group": _("Kind of act"),
        "domain": _("Mail domain"),
        "proven": _("Proven"),
        "active": _("Active"),
        "user_name": _("Name in the directory"),
        "external_id": _("Number in the directory"),
        "added": _("Added"),
        "removed": _("Taken away"),
        "words": _("Words"),
        "issuer": _("Issuer"),
        "client_id": _("Client ID"),
        "client_secret": _("Client secret"),
    },
    values={
        "role": choice([*PartnerRole.choices, *OperatorRole.choices]),
        "roles": choice([*PartnerRole.choices, *OperatorRole.choices]),
        "language": choice(settings.LANGUAGES),
        "kind": choice(SECOND_FACTORS.items()),
        "methods": choice(METHODS.items()),
        "reason": choice({"last_global_admin": _("they are the last global admin")}.items()),
    },
    hidden=("member", "id", "partner_id", "replaced_by"),
)
