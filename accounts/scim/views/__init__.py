"""Views of /scim/v2, thin: one file for each kind of resource."""
