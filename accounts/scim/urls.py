"""Addresses below /scim/v2. A slash at the end is allowed and never asked for."""

from django.urls import URLPattern, re_path

from accounts.scim.views import discovery, groups, users

urlpatterns: list[URLPattern] = [
    re_path(r"^(?P<what>Bulk|Me|\.search|Users/\.search|Groups/\.search)/?$", discovery.unsupported, name="scim_unsupported"),
    re_path(r"^Users/?$", users.users, name="scim_users"),
    re_path(r"^Users/(?P<user_id>[^/]+)/?$", users.user, name="scim_user"),
    re_path(r"^Groups/?$", groups.groups, name="scim_groups"),
    re_path(r"^Groups/(?P<group_id>[^/]+)/?$", groups.group, name="scim_group"),
    re_path(r"^ServiceProviderConfig/?$", discovery.config, name="scim_config"),
    re_path(r"^ResourceTypes/?$", discovery.resource_types, name="scim_resource_types"),
    re_path(r"^ResourceTypes/(?P<name>[^/]+)/?$", discovery.resource_type, name="scim_resource_type"),
    re_path(r"^Schemas/?$", discovery.schemas, name="scim_schemas"),
    re_path(r"^Schemas/(?P<name>[^/]+)/?$", discovery.schema, name="scim_schema"),
    re_path(r"^(?P<rest>.*)$", discovery.nothing, name="scim_nothing"),
]
