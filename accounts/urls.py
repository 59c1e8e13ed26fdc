"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from accounts.scim.views.discovery import nothing
from accounts.views import audit_log, invitations, people, preferences, provisioning, role_edit, roles_as_of, sessions

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/", people.people, name="people"),
    path("people/invite/", invitations.invite_person, name="invite_person"),
    path("people/invitations/<uuid:invitation_id>/withdraw/", people.withdraw, name="team_invitation_withdraw"),
    path("people/<uuid:membership_id>/", people.person, name="person"),
    path("people/<uuid:membership_id>/suspend/", people.suspend, name="person_suspend"),
    path("people/<uuid:membership_id>/restore/", people.restore, name="person_restore"),
    path("people/<uuid:membership_id>/remove/", people.remove, name="person_remove"),
    path("people/<uuid:membership_id>/roles/<str:role>/", role_edit.role_edit, name="role_edit"),
    path("people/<uuid:membership_id>/roles/<str:role>/end/", role_edit.role_end, name="role_end"),
    path("audit/", audit_log.audit_log, name="audit_log"),
    path("audit/export/", audit_log.audit_export, name="audit_export"),
    path("audit/roles/", roles_as_of.roles_then, name="roles_as_of"),
    path("audit/roles/export/", roles_as_of.roles_export, name="roles_as_of_export"),
    path("people/provisioning/", provisioning.provisioning, name="provisioning"),
    path("people/sign-in/tokens/new/", provisioning.create, name="scim_token_create"),
    path("people/sign-in/tokens/<uuid:token_id>/rotate/", provisioning.rotate, name="scim_token_rotate"),
    path("people/sign-in/tokens/<uuid:token_id>/revoke/", provisioning.revoke, name="scim_token_revoke"),
    path("scim/v2", nothing, name="scim_root"),
    path("scim/v2/", include("accounts.scim.urls")),
    path("join/<str:token>/", invitations.join, name="join"),
    path("sessions/<int:pk>/end/", sessions.session_end, name="session_end"),
    path("partner/", preferences.switch_partner, name="switch_partner"),
    path("language/", preferences.set_language, name="set_language"),
]
