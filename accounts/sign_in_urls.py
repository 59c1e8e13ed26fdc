"""Addresses of single sign-on: the way in, and its settings."""

from django.urls import URLPattern, URLResolver, path

from accounts.views import sign_in_settings, single_sign_on

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/sso/", single_sign_on.single_sign_on, name="single_sign_on"),
    path("accounts/sso/<slug:key>/", single_sign_on.start, name="single_sign_on_start"),
    path("accounts/sso/<slug:key>/return/", single_sign_on.come_back, name="single_sign_on_return"),
    path("people/sign-in/", sign_in_settings.sign_in_settings, name="sign_in_settings"),
    path("people/sign-in/begin/", sign_in_settings.begin, name="sign_in_begin"),
    path("people/sign-in/provider/", sign_in_settings.provider, name="sign_in_provider"),
    path("people/sign-in/switch/", sign_in_settings.switch, name="sign_in_switch"),
    path("people/sign-in/forget/", sign_in_settings.forget, name="sign_in_forget"),
    path("people/sign-in/domains/", sign_in_settings.domain_add, name="mail_domain_add"),
    path("people/sign-in/domains/<uuid:domain_id>/check/", sign_in_settings.domain_check, name="mail_domain_check"),
    path("people/sign-in/domains/<uuid:domain_id>/remove/", sign_in_settings.domain_remove, name="mail_domain_remove"),
    path("people/sign-in/groups/new/", sign_in_settings.mapping_new, name="group_mapping_new"),
    path("people/sign-in/groups/<uuid:mapping_id>/", sign_in_settings.mapping_edit, name="group_mapping"),
    path("people/sign-in/groups/<uuid:mapping_id>/remove/", sign_in_settings.mapping_remove, name="group_mapping_remove"),
]
