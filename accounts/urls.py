"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, include, path

from accounts.views import invitations, people, preferences, role_edit

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.sign_in_urls")),
    path("people/", people.people, name="people"),
    path("people/invite/", invitations.invite_person, name="invite_person"),
    path("people/invitations/<uuid:invitation_id>/withdraw/", people.withdraw, name="team_invitation_withdraw"),
    path("people/<uuid:membership_id>/", people.person, name="person"),
    path("people/<uuid:membership_id>/suspend/", people.suspend, name="person_suspend"),
    path("people/<uuid:membership_id>/restore/", people.restore, name="person_restore"),
    path("people/<uuid:membership_id>/remove/", people.remove, name="person_remove"),
    path("people/<uuid:membership_id>/roles/<str:role>/", role_edit.role_edit, name="role_edit"),
    path("people/<uuid:membership_id>/roles/<str:role>/end/", role_edit.role_end, name="role_end"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("partner/", preferences.switch_partner, name="switch_partner"),
    path("language/", preferences.set_language, name="set_language"),
]
